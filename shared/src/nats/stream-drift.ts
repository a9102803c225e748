import type { StreamDefinition } from "../ports/bus.ts";

/** A field of a stream's configuration that is not as this release wants it. */
export interface Drift {
  field: keyof StreamDefinition;
  actual: unknown;
  wanted: unknown;
}

const LIMITS = ["maxMessageBytes", "maxBytes", "maxMessagesPerSubject"] as const;

/** Servers write "no limit" as 0 or -1, and give subjects in any order. */
function normal(definition: StreamDefinition): StreamDefinition {
  const limits = Object.fromEntries(
    LIMITS.map((name) => [name, definition[name] > 0 ? definition[name] : -1]),
  );
  return { ...definition, subjects: [...definition.subjects].sort(), ...limits };
}

/** Where a stream differs from its definition. A bound on its bytes may be lower: a server may have less room. */
export function driftOf(actual: StreamDefinition, wanted: StreamDefinition): Drift[] {
  const [is, should] = [normal(actual), normal(wanted)];
  const fields = Object.keys({ ...should, republish: undefined }) as (keyof StreamDefinition)[];
  return fields
    .filter((field) => JSON.stringify(is[field]) !== JSON.stringify(should[field]))
    .filter((field) => field !== "maxBytes" || is.maxBytes <= 0 || is.maxBytes > should.maxBytes)
    .map((field) => ({ field, actual: is[field], wanted: should[field] }));
}
