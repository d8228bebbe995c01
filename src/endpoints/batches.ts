import { objectEndpoint } from "./object-endpoint.ts";

const name = "batches";
const kind = "batch";
const one = "/v1/batches/:id";

export const batches = [
  objectEndpoint({
    name,
    path: "/v1/batches",
    use: { kind, does: "create" },
    takes: "json",
    fields: { input_file_id: "file" },
  }),
  objectEndpoint({ name, path: "/v1/batches", method: "GET", use: { kind, does: "list" } }),
  objectEndpoint({ name, path: one, method: "GET", use: { kind, does: "read" } }),
  objectEndpoint({ name, path: `${one}/cancel`, use: { kind, does: "read" } }),
];
