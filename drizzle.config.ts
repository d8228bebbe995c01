import { defineConfig } from "drizzle-kit";

export default defineConfig({ dialect: "postgresql", schema: "./src/stores/database/schema.ts", out: "./migrations" });
