import { DrizzleQueryError } from "./drizzle.ts";

/** Fails as the driver does: drizzle's own error shows the whole statement and its values, and ends in a log. */
export async function plainly<T>(query: Promise<T>): Promise<T> {
  try {
    return await query;
  } catch (error) {
    throw error instanceof DrizzleQueryError ? (error.cause ?? new Error("The query failed.")) : error;
  }
}
