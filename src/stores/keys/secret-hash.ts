/** What is kept of a secret: enough to know it again, useless to whoever reads the database. */
import { createHmac } from "node:crypto";

export function hashSecret(pepper: string, secret: string): Buffer {
  return createHmac("sha256", pepper).update(secret).digest();
}
