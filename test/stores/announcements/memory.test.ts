import { memoryAnnouncements } from "../../../src/stores/announcements/memory.ts";
import { announcementsContract } from "../../contract/announcements.ts";

announcementsContract("memory", async () => {
  const troubles: unknown[] = [];
  const shared = memoryAnnouncements((error) => troubles.push(error));
  return { one: shared, other: shared, troubles, close: () => shared.close() };
});
