import { AVAILABILITIES } from "@meeshy/shared/status";
import type { Format } from "@meeshy/shared/versions";
import type { Fields, Translation } from "./translated-bus.ts";

/**
 * Yesterday's release: it neither writes nor reads versions and the fields that were added since. What it did
 * otherwise is not simulated.
 */
const ADDED: Partial<Record<Format, ReadonlySet<string>>> = {
  logMessage: new Set(["stored", "waitedMs"]),
  record: new Set(["stored"]),
  heartbeat: new Set(["leaseMs"]),
  lease: new Set(["broker", "heard", "dates", "proven", "holeSince"]),
};
const KNOWN = new WeakMap<Uint8Array, Uint8Array>();
const NONE: ReadonlySet<string> = new Set();
const VERSION_AT_END = /,"v":\d+\}$/;

export function createEarlier(): Translation {
  const without = (format: Format, value: Fields): Fields => {
    const { v: _, ...fields } = value;
    return strip(fields, ADDED[format] ?? NONE) as Fields;
  };
  return { write: without, read: without, beside: () => undefined, readText: withoutVersion, known: KNOWN };
}

/** A text whose version stands at its end, and which has no other added field. */
function withoutVersion(format: Format, text: string): string | undefined {
  const shorter = text.replace(VERSION_AT_END, "}");
  const isWhole =
    !shorter.includes('"v":') && [...(ADDED[format] ?? NONE)].every((name) => !shorter.includes(`"${name}"`));
  return isWhole ? shorter : undefined;
}

/** Where it knew nothing of `stored`, an availability that it did not know read as available. */
const isUnknown = (name: string, given: unknown, names: ReadonlySet<string>): boolean =>
  name === "availability" && names.has("stored") && !AVAILABILITIES.some((known) => known === given);

function strip(value: unknown, names: ReadonlySet<string>): unknown {
  if (names.size === 0 || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => strip(one, names));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !names.has(name))
      .map(([name, given]) => [name, isUnknown(name, given, names) ? "available" : strip(given, names)]),
  );
}
