import { type Format, VERSIONS } from "@meeshy/shared/versions";
import type { Fields, Translation } from "./translated-bus.ts";

/**
 * Tomorrow's release: what it writes has fields, event types, commands, causes, availabilities and reasons that this
 * release does not know. What it says in them, this release's fields say too, as far as it can: a field `next cause`
 * stands beside the unknown `cause`, and the later release reads that.
 */
export interface LaterOptions {
  /** from 0 to 1, 1 excluded */
  random: () => number;
  /** ms, of its own clock */
  now: () => number;
  /** the formats of which it writes a later version */
  raises: ReadonlySet<Format>;
}

/** Formats of which readers understand what they can, whatever the version: ADR 0013. */
export const LENIENT: readonly Format[] = [
  "logMessage",
  "record",
  "status",
  "heartbeat",
  "command",
  "settings",
];
/** Formats that are not written over by a process that knows an earlier version. */
export const STRICT: readonly Format[] = ["lease", "epoch"];

const NEXT = "next ";
const UNKNOWN = "of tomorrow";
/** How often a value is one that this release does not know. */
const UNKNOWN_VALUES = 0.3;
const UNKNOWN_MESSAGES = 0.05;
/** Fields with any names, each for an entry. */
const MAPS = new Set(["publishers", "sweepers", "streams"]);
/** Enumerations that may grow, by format. */
const ENUMERATIONS: Partial<Record<Format, ReadonlySet<string>>> = {
  logMessage: new Set(["availability", "reason", "stored"]),
  record: new Set(["availability", "cause", "stored"]),
  status: new Set(["availability", "cause"]),
  command: new Set(["reason"]),
};
/** Values that say what must hold for readers of every release. */
const KEPT = new Set(["invisible", "client namespace disconnect", "admin", "known"]);
/** A field of profiles and records, whose availability is the person's own choice. */
const OWN_AVAILABILITY = "availabilityExpiresAt";
const KNOWN = new WeakMap<Uint8Array, Uint8Array>();
const NONE: ReadonlySet<string> = new Set();

export function createLater({ random, now, raises }: LaterOptions): Translation {
  const decideEvent = createEventDecider(now);

  const grow = (value: unknown, enumerations: ReadonlySet<string>, isMap = false): unknown => {
    if (Array.isArray(value)) return value.map((one) => grow(one, enumerations));
    if (typeof value !== "object" || value === null) return value;
    const grown: Fields = {};
    for (const [name, given] of Object.entries(value)) {
      const isUnknown =
        !isMap &&
        typeof given === "string" &&
        enumerations.has(name) &&
        !KEPT.has(given) &&
        random() < UNKNOWN_VALUES;
      grown[name] = isUnknown ? UNKNOWN : grow(given, enumerations, MAPS.has(name));
      if (isUnknown) grown[`${NEXT}${name}`] = given;
    }
    if (grown.availability === UNKNOWN && OWN_AVAILABILITY in value) sayPublic(grown, value as Fields);
    return isMap ? grown : { ...grown, [`${NEXT}field`]: { of: "tomorrow" } };
  };

  return {
    write(format, value, subject) {
      const known = format === "logMessage" ? decideEvent(value, subject) : value;
      const grown = grow(known, ENUMERATIONS[format] ?? NONE) as Fields;
      return raises.has(format) ? { ...grown, v: VERSIONS[format] + 1 } : grown;
    },
    beside(format, { publisher }) {
      if (random() >= UNKNOWN_MESSAGES) return undefined;
      const v = VERSIONS[format] + 1;
      if (format === "command") return { v, type: UNKNOWN, userId: "u1" };
      // Numbered ones have theirs in their place.
      return format === "logMessage" && publisher === undefined
        ? { v, event: { type: UNKNOWN, at: 1 } }
        : undefined;
    },
    known: KNOWN,
    readText: (_format, text) => (text.includes(`"${NEXT}`) ? undefined : text),
    read: (format, value) => shrink(value, VERSIONS[format] + 1) as Fields,
  };
}

/** An unknown availability hides the person from this release's readers, unless viewers saw it: one that is public says so. */
function sayPublic(grown: Fields, { stored }: Fields): void {
  if (stored === "unknown") return;
  grown.stored = "as-shown";
  grown[`${NEXT}stored`] = stored ?? null;
}

/** What this release's fields say of it; a later field of null: there was none. */
function shrink(value: unknown, laterVersion: number, isInside = false): unknown {
  if (Array.isArray(value)) return value.map((one) => shrink(one, laterVersion, true));
  if (typeof value !== "object" || value === null) return value;
  const fields = value as Fields;
  const shrunk: Fields = {};
  for (const [name, given] of Object.entries(fields)) {
    const own = fields[`${NEXT}${name}`];
    if (name.startsWith(NEXT) || own === null) continue;
    if (name === "v" && !isInside && given === laterVersion) shrunk[name] = laterVersion - 1;
    else if (own !== undefined) shrunk[name] = own;
    else shrunk[name] = shrink(given, laterVersion, true);
  }
  return shrunk;
}

/**
 * An activity at the same moment as another of the same person adds nothing: it is written as an event of a type that this
 * release does not know, in its place among the publisher's numbers, also when it is sent again.
 */
function createEventDecider(now: () => number): (value: Fields, subject: string) => Fields {
  const highest = new Map<string, number>();
  const unknown = new Set<string>();
  let before = "";
  return (value, subject) => {
    const { publisher, number, event } = value as { publisher?: string; number?: number; event: Fields };
    if (publisher === undefined || number === undefined) return value;
    const order = `${publisher} ${subject.split(".")[2]}`;
    const key = `${order} ${number}`;
    const what = `${subject} ${event.type} ${now()}`;
    const isFirstCopy = number > (highest.get(order) ?? 0);
    if (isFirstCopy) {
      highest.set(order, number);
      if (event.type === "activity" && what === before) unknown.add(key);
      before = what;
    }
    return unknown.has(key) ? { ...value, event: { ...event, type: UNKNOWN } } : value;
  };
}
