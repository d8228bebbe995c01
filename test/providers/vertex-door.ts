/** A service account of our own making, and Vertex's adapters as the gateway uses them. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { JsonObject } from "../../src/protocol/json.ts";
import { vertexAdapters } from "../../src/providers/vertex/adapters.ts";
import { NOW } from "./gemini-door.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });

export const accountKey: KeyObject = publicKey;

export function accountJson(tokenUri: string, more: JsonObject = {}): JsonObject {
  return {
    type: "service_account",
    project_id: "acme-prod",
    private_key_id: "key-7",
    private_key: privateKey.export({ type: "pkcs8", format: "pem" }),
    client_email: "gate@acme-prod.example",
    token_uri: tokenUri,
    ...more,
  };
}

export const vertex = vertexAdapters({ project: "acme", location: "europe-west4", now: () => NOW });
