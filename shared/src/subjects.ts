/** Names on NATS: subjects, keys, partitions (CONTRACT 7, ARCHITECTURE "Streams and buckets"). */

export const PARTITIONS = 64;

export const STREAM_EVENTS = "PRESENCE_EVENTS";
export const STREAM_STATUS = "PRESENCE_STATUS";
export const BUCKET_STATE = "PRESENCE_STATE";
export const BUCKET_LEASES = "PRESENCE_LEASES";

export const SUBJECT_EVENTS_ALL = "presence.in.>";
export const SUBJECT_STATUS_SET_ALL = "presence.set.*";
export const SUBJECT_STATUS_ALL = "presence.status.*";

/** Who wrote an event; permissions hang on it. */
export const EVENT_SOURCES = ["gw", "sweep", "svc", "admin"] as const;
export type EventSource = (typeof EVENT_SOURCES)[number];

/** Longest user, connection or conversation id accepted anywhere, in characters. */
export const MAX_ID_LENGTH = 200;

const SAFE = /^[A-Za-z0-9_-]+$/;
const utf8Encode = new TextEncoder();
const utf8Decode = new TextDecoder("utf-8", { fatal: true });

/**
 * Makes any id one subject token that is a key-value key too: bytes outside `A-Za-z0-9_-` become `=HH`. Every
 * function here that takes a `userId` or a `conversationId` throws as this one.
 * @throws {RangeError} an empty id, or one over {@link MAX_ID_LENGTH}
 */
export function encodeId(id: string): string {
  if (id.length === 0 || id.length > MAX_ID_LENGTH) {
    throw new RangeError(`an id has 1 to ${MAX_ID_LENGTH} characters, this one has ${id.length}`);
  }
  if (SAFE.test(id)) return id;
  let token = "";
  for (const byte of utf8Encode.encode(id)) {
    const char = String.fromCharCode(byte);
    token += byte < 128 && SAFE.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return token;
}

/**
 * The id behind a token of {@link encodeId}.
 * @throws {RangeError} the token encodes nothing
 */
export function decodeId(token: string): string {
  const id = SAFE.test(token) ? token : decodeBytes(token);
  if (id.length > MAX_ID_LENGTH) throw new RangeError(`not an encoded id: ${id.length} characters`);
  return id;
}

function decodeBytes(token: string): string {
  const bytes: number[] = [];
  for (let at = 0; at < token.length; at++) {
    const char = token[at] as string;
    if (char !== "=") {
      if (!SAFE.test(char)) throw new RangeError(`not an encoded id: ${token}`);
      bytes.push(char.charCodeAt(0));
      continue;
    }
    const hex = token.slice(at + 1, at + 3);
    if (!/^[0-9A-F]{2}$/.test(hex)) throw new RangeError(`not an encoded id: ${token}`);
    bytes.push(Number.parseInt(hex, 16));
    at += 2;
  }
  if (bytes.length === 0) throw new RangeError("not an encoded id: it is empty");
  try {
    return utf8Decode.decode(Uint8Array.from(bytes));
  } catch (cause) {
    throw new RangeError(`not an encoded id: ${token}`, { cause });
  }
}

/** FNV-1a, 32 bit, over the token's bytes (a token is ASCII). */
function fnv1a(token: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < token.length; at++) {
    hash = Math.imul(hash ^ token.charCodeAt(at), 0x01000193);
  }
  return hash >>> 0;
}

/**
 * The partition (0 … 63) of a user: equal to the server's own `partition(64,1)` mapping of the encoded id.
 * @throws {RangeError} as {@link encodeId}
 */
export function partitionOf(userId: string): number {
  return fnv1a(encodeId(userId)) % PARTITIONS;
}

/**
 * Where an event of one user is written.
 * @throws {RangeError} as {@link encodeId}
 */
export function eventSubject(source: EventSource, userId: string): string {
  return `presence.in.${partitionOf(userId)}.${source}.${encodeId(userId)}`;
}

/** Where an event for every user of a partition is written. */
export function partitionSubject(source: EventSource, partition: number): string {
  return `presence.in.${partition}.${source}`;
}

/** Where all events of one source for users are written. */
export const allEvents = (source: EventSource): string => `presence.in.*.${source}.*`;
/** Where all events of one source for whole partitions are written. */
export const allPartitionEvents = (source: EventSource): string => `presence.in.*.${source}`;

/** Stored in the log and read by no partition's owner: whether the log can be written at all. */
export const SUBJECT_LOG_PROBE = "presence.in.probe.sweep";

/** What a partition's owner reads: its users' events and its own. */
export function partitionFilter(partition: number): string {
  return `presence.in.${partition}.>`;
}

export interface EventAddress {
  partition: number;
  source: EventSource;
  /** absent: the event is for the whole partition */
  userId?: string;
}

/**
 * Takes an event's subject apart; `undefined` when it is none of ours, or not the one subject of its user.
 * Never throws.
 */
export function parseEventSubject(subject: string): EventAddress | undefined {
  const [root, direction, p, source, token, ...rest] = subject.split(".");
  if (root !== "presence" || direction !== "in" || rest.length > 0 || p === undefined) return undefined;
  if (!/^\d{1,2}$/.test(p) || Number(p) >= PARTITIONS) return undefined;
  if (!EVENT_SOURCES.includes(source as EventSource)) return undefined;
  const address = { partition: Number(p), source: source as EventSource };
  if (token === undefined) return address;
  try {
    const userId = decodeId(token);
    // Each user has one subject of a source: under any other, two owners would each keep a record of them.
    return subject === eventSubject(address.source, userId) ? { ...address, userId } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Where a worker stores a user's status; the stream republishes it on {@link statusSubject}.
 * @throws {RangeError} as {@link encodeId}
 */
export const statusSetSubject = (userId: string): string => `presence.set.${encodeId(userId)}`;
/**
 * Where readers receive a user's statuses as they are stored (CONTRACT 7).
 * @throws {RangeError} as {@link encodeId}
 */
export const statusSubject = (userId: string): string => `presence.status.${encodeId(userId)}`;

/** The user of a `presence.status.*` or `presence.set.*` subject; `undefined` when there is none. */
export function userOfStatusSubject(subject: string): string | undefined {
  const [root, kind, token, ...rest] = subject.split(".");
  if (
    root !== "presence" ||
    (kind !== "status" && kind !== "set") ||
    token === undefined ||
    rest.length > 0
  ) {
    return undefined;
  }
  try {
    return decodeId(token);
  } catch {
    return undefined;
  }
}

/**
 * Key of a user's record in {@link BUCKET_STATE}.
 * @throws {RangeError} as {@link encodeId}
 */
export const recordKey = (userId: string): string => `${partitionOf(userId)}.${encodeId(userId)}`;

/** Keys of {@link BUCKET_LEASES}. */
export const leaseKeys = {
  partition: (p: number | "*"): string => `p.${p}`,
  worker: (id: string): string => `w.${id}`,
  gateway: (id: string): string => `g.${id}`,
  sweeper: (id: string): string => `s.${id}`,
  epoch: "epoch",
  settings: "settings",
} as const;

/** Commands to one gateway. */
export const gatewaySubject = (gatewayId: string): string => `presence.gw.${gatewayId}`;
/** What a gateway's own people hear of themselves, from the owners of their records. */
export const selfSubject = (gatewayId: string): string => `presence.gw.self-${gatewayId}`;
export const SUBJECT_GATEWAY_ALL = "presence.gw.*";
/** Request: sweep the database now, answer `{ examined, cleaned }`. */
export const SUBJECT_CLEANUP = "presence.sweep.cleanup";
/**
 * Chat messages between gateways.
 * @throws {RangeError} as {@link encodeId}
 */
export const chatSubject = (conversationId: string): string => `presence.chat.${encodeId(conversationId)}`;
export const SUBJECT_CHAT_ALL = "presence.chat.*";
/**
 * That people type, between gateways.
 * @throws {RangeError} as {@link encodeId}
 */
export const typingSubject = (conversationId: string): string =>
  `presence.typing.${encodeId(conversationId)}`;
export const SUBJECT_TYPING_ALL = "presence.typing.*";

/**
 * Where gateways publish what anyone may see of a person who shares a conversation with them; readers of other teams
 * receive it as {@link statusSubject}.
 */
export const outwardSubject = (userId: string): string => `presence.public.${encodeId(userId)}`;
export const SUBJECT_OUTWARD_ALL = "presence.public.*";
/** Where they ask for the last one, under the subject of a direct get. */
export const SUBJECT_OUTWARD_LAST_ALL = "presence.last.*";
