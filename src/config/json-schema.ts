import { z } from "zod";
import { builtInKind, KINDS } from "../providers/index.ts";
import { configSchema } from "./schema.ts";

/** The JSON Schema of `gatehouse.yaml`, as people write it: defaults may be left out. Plugins' kinds are let through unseen. */
export async function configJsonSchema(): Promise<Record<string, unknown>> {
  const schema = z.toJSONSchema(configSchema, options);
  const kinds = await Promise.all(KINDS.map(async (kind) => kindSchema(kind)));
  const plugin = {
    type: "object",
    properties: { kind: { type: "string", not: { enum: KINDS } } },
    required: ["kind"],
  };
  const providers = (schema.properties as Record<string, Record<string, unknown>>).providers!;
  providers.additionalProperties = { anyOf: [...kinds, plugin] };
  return { ...schema, title: "Gatehouse configuration" };
}

const options = { io: "input", target: "draft-2020-12" } as const;

async function kindSchema(kind: string): Promise<unknown> {
  const { settings } = (await builtInKind(kind))!;
  const { $schema: _, ...schema } = z.toJSONSchema(settings.extend({ kind: z.literal(kind) }), options);
  return schema;
}
