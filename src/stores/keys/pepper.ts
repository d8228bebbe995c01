import { createHmac } from "node:crypto";
import type { SharedSettings } from "../../core/settings.ts";

/** Throws when the database's keys were made with another pepper: not one of them would be recognised. */
export async function confirmPepper(settings: SharedSettings, pepper: string): Promise<void> {
  const fingerprint = createHmac("sha256", pepper).update("gatehouse pepper fingerprint").digest("base64url");
  if ((await settings.claim("pepper-fingerprint", fingerprint)) === fingerprint) return;
  throw new Error(
    "The keys in this database were made with another pepper, so none of them would be accepted. Set GATEHOUSE_PEPPER to " +
      "the value that the first gateway on this database uses: its own GATEHOUSE_PEPPER, or else the content of the file " +
      "`pepper` in its data folder. All replicas need the same.",
  );
}
