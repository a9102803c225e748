import { z } from "zod";

/** Pieces of an AsyncAPI 3 document, made from zod schemas. */

export type Json = Record<string, unknown>;

/** A `$ref` to this place of the document, by JSON Pointer. */
export const reference = (...path: string[]): Json => ({ $ref: `#/${path.map(toToken).join("/")}` });
const toToken = (token: string) => token.replaceAll("~", "~0").replaceAll("/", "~1");

/** Keys of a document are restricted: `user:status` stands under `user.status`. */
export const keyOf = (name: string): string => name.replaceAll(":", ".");

/** A schema as readers of the document need it: dates by their format, without the pattern that spells them out. */
export const toSchema = (schema: z.ZodType): Json => {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: "draft-7",
    // Readers are to expect fields that they do not know yet.
    io: "input",
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === "date-time") delete jsonSchema.pattern;
    },
  });
  return json;
};

/** A message object; `payload` null: it carries nothing. */
export const toMessage = (name: string, summary: string, payload: z.ZodType | null): Json => ({
  name,
  summary,
  ...(payload ? { payload: toSchema(payload) } : {}),
});
