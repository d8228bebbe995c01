import { z } from "zod";
import { configSchema } from "./schema.ts";

/** The JSON Schema of `gatehouse.yaml`, as people write it: defaults may be left out. */
export function configJsonSchema(): Record<string, unknown> {
  return {
    ...z.toJSONSchema(configSchema, { io: "input", target: "draft-2020-12" }),
    title: "Gatehouse configuration",
  };
}
