/** The tables. After a change: `npm run migrations`, then read the SQL it wrote. */
import { foreignKey, index, pgTable, primaryKey, sql, text, timestamp } from "./drizzle.ts";

const time = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });

export const tenants = pgTable("tenants", {
  id: text().primaryKey(),
  createdAt: time("created_at").notNull().defaultNow(),
});

export const teams = pgTable(
  "teams",
  {
    tenant: text()
      .notNull()
      .references(() => tenants.id),
    id: text().notNull(),
    createdAt: time("created_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.tenant, table.id] })],
);

export const apiKeys = pgTable(
  "api_keys",
  {
    /** The public part of the key. */
    id: text().primaryKey(),
    tenant: text().notNull(),
    team: text().notNull(),
    name: text().notNull(),
    /** HMAC-SHA-256 of the secret under the pepper, base64url. */
    secretHash: text("secret_hash").notNull(),
    tags: text().array().notNull().default([]),
    /** Null for all. */
    models: text().array(),
    createdAt: time("created_at").notNull().defaultNow(),
    validFrom: time("valid_from"),
    expiresAt: time("expires_at"),
    revokedAt: time("revoked_at"),
    /** What replicas look for: every change must move it. */
    changedAt: time("changed_at")
      .notNull()
      .defaultNow()
      .$onUpdate(() => sql`now()`),
  },
  (table) => [
    foreignKey({ columns: [table.tenant, table.team], foreignColumns: [teams.tenant, teams.id] }),
    index().on(table.changedAt),
  ],
);

/** Turns of `/v1/responses`. JSON stands as text: it comes back as it went in, and nothing in it is searched. */
export const turns = pgTable(
  "turns",
  {
    tenant: text().notNull(),
    /** The id of the answer. */
    id: text().notNull(),
    /** The turn it went on from; it may be gone before this one is. */
    previous: text(),
    provider: text().notNull(),
    input: text().notNull(),
    response: text().notNull(),
    /** Ids of the items in `response`. */
    items: text().array().notNull(),
    createdAt: time("created_at").notNull().defaultNow(),
    expiresAt: time("expires_at").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenant, table.id] }),
    index().on(table.expiresAt),
    index().using("gin", table.items),
  ],
);

/** Whose are the files, batches and fine-tuning jobs that providers keep under ids of theirs. */
export const objects = pgTable(
  "objects",
  {
    /** By its name in the configuration. */
    provider: text().notNull(),
    id: text().notNull(),
    tenant: text().notNull(),
    kind: text().notNull(),
    createdAt: time("created_at").notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.provider, table.id] }), index().on(table.tenant, table.id)],
);

/** What replicas agree on: set once, by whoever comes first. */
export const settings = pgTable("settings", {
  key: text().primaryKey(),
  value: text().notNull(),
  createdAt: time("created_at").notNull().defaultNow(),
});
