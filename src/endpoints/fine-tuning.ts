import { objectEndpoint } from "./object-endpoint.ts";

const name = "fine_tuning";
const kind = "fine_tuning_job";
const jobs = "/v1/fine_tuning/jobs";
const one = `${jobs}/:id`;
const about = { name, use: { kind, does: "read" } } as const;

export const fineTuning = [
  objectEndpoint({
    name,
    path: jobs,
    use: { kind, does: "create" },
    takes: "json",
    fields: { training_file: "file", validation_file: "file" },
  }),
  objectEndpoint({ name, path: jobs, method: "GET", use: { kind, does: "list" } }),
  objectEndpoint({ ...about, path: one, method: "GET" }),
  objectEndpoint({ ...about, path: `${one}/events`, method: "GET" }),
  objectEndpoint({ ...about, path: `${one}/checkpoints`, method: "GET" }),
  ...["cancel", "pause", "resume"].map((action) => objectEndpoint({ ...about, path: `${one}/${action}` })),
];
