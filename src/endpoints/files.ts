import { objectEndpoint } from "./object-endpoint.ts";

const name = "files";
const kind = "file";
const one = "/v1/files/:id";

export const files = [
  objectEndpoint({ name, path: "/v1/files", use: { kind, does: "create" }, takes: "upload" }),
  objectEndpoint({ name, path: "/v1/files", method: "GET", use: { kind, does: "list" } }),
  objectEndpoint({ name, path: one, method: "GET", use: { kind, does: "read" } }),
  objectEndpoint({ name, path: one, method: "DELETE", use: { kind, does: "delete" } }),
  objectEndpoint({ name, path: `${one}/content`, method: "GET", use: { kind, does: "read" }, streams: true }),
];
