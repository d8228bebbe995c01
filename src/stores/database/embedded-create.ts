/**
 * Makes an empty database in the folder given as argument, as a process of its own: it takes 600 MB for some seconds, which
 * a thread would not give back.
 */
import { openPglite } from "./pglite.ts";

process.once("disconnect", () => process.exit(1)); // whoever asked is gone

const db = await openPglite(process.argv[2]!);
await db.close();
process.exit(0);
