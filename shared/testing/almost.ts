import fc from "fast-check";

/** Any JSON, with texts of every kind: empty, long, half characters, names that reach prototypes. */
export const anyJson = (): fc.Arbitrary<unknown> =>
  fc.oneof(
    fc.jsonValue({ maxDepth: 4, stringUnit: "binary" }),
    fc.constantFrom<unknown>(null, "", "\0", "\ud800", "__proto__", "constructor", -0, 1e308, [], {}),
    fc.constantFrom(
      JSON.parse('{"__proto__":{"a":1}}'),
      JSON.parse('{"toString":1,"then":{}}'),
      "x".repeat(20_000),
    ),
    fc.integer({ min: 1, max: 2_000 }).map(nested),
  );

/** Arrays in arrays. They print as their depth: to print them level by level overflows the stack of the report. */
function nested(depth: number): unknown {
  const value = JSON.parse("[".repeat(depth) + "]".repeat(depth)) as unknown[];
  return Object.defineProperty(value, fc.toStringMethod, { value: () => `${depth} arrays in one another` });
}

/** The given object, with some of its fields taken away, exchanged for anything, or joined by others. */
export const almost = (valid: object): fc.Arbitrary<unknown> =>
  fc
    .tuple(
      fc.dictionary(fc.constantFrom(...Object.keys(valid), "type", "extra"), anyJson(), { maxKeys: 2 }),
      fc.subarray(Object.keys(valid), { minLength: Math.max(0, Object.keys(valid).length - 1) }),
    )
    .map(([changes, kept]) => ({
      ...Object.fromEntries(Object.entries(valid).filter(([name]) => kept.includes(name))),
      ...changes,
    }));
