import type { NodePgDatabase } from "drizzle-orm/node-postgres";
import type { SharedSettings } from "../../core/settings.ts";
import { eq } from "./drizzle.ts";
import { plainly } from "./plainly.ts";
import { settings } from "./schema.ts";

export function databaseSettings(db: NodePgDatabase): SharedSettings {
  return {
    async claim(key, value) {
      const [mine] = await plainly(db.insert(settings).values({ key, value }).onConflictDoNothing().returning());
      if (mine) return mine.value;
      const [standing] = await plainly(db.select().from(settings).where(eq(settings.key, key)));
      return standing?.value ?? value;
    },
  };
}
