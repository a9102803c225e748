import { toBytes } from "@meeshy/shared/nats/last-value";
import { keySubject } from "@meeshy/shared/nats/streams";
import type { Bus } from "@meeshy/shared/ports/bus";
import { BUCKET_LEASES, BUCKET_STATE } from "@meeshy/shared/subjects";
import type { Format } from "@meeshy/shared/versions";

/** JSON's objects, as they stand in messages. */
export type Fields = { [name: string]: unknown };

/** How another release writes what this one writes, and reads what any release writes. */
export interface Translation {
  /** What goes out in place of the value, on this subject. */
  write(format: Format, value: Fields, subject: string): Fields;
  /** What goes out beside it, after it. */
  beside(format: Format, value: Fields): Fields | undefined;
  read(format: Format, value: Fields): Fields;
  /** The text as the release reads it, where it is known without parsing it; most of what is read is such. */
  readText(format: Format, text: string): string | undefined;
  /** what was read, by the bytes that the broker holds: every process of the release reads the same */
  known: WeakMap<Uint8Array, Uint8Array>;
}

const LEASES = keySubject(BUCKET_LEASES, "");
const FORMATS: readonly (readonly [prefix: string, format: Format])[] = [
  ["presence.in.", "logMessage"],
  ["presence.set.", "status"],
  ["presence.status.", "status"],
  ["presence.gw.", "command"],
  [keySubject(BUCKET_STATE, ""), "record"],
  [`${LEASES}p.`, "lease"],
  [`${LEASES}epoch`, "epoch"],
  [`${LEASES}settings`, "settings"],
  [LEASES, "heartbeat"],
];
const formatOf = (subject: string): Format | undefined =>
  FORMATS.find(([prefix]) => subject.startsWith(prefix))?.[1];

/** Own heartbeats that are recognized by their text. */
const REMEMBERED = 512;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The bus of a process of another release: everything that it writes and reads is translated. */
export function translateBus(bus: Bus, translation: Translation): Bus {
  /** own heartbeats as they were before their translation, by what was written */
  const own = new Map<string, Uint8Array>();

  const remember = (text: string, data: Uint8Array) => {
    own.set(text, data);
    if (own.size > REMEMBERED) own.delete(own.keys().next().value as string);
  };
  const outgoing = (subject: string, data: Uint8Array): Uint8Array => {
    const format = formatOf(subject);
    if (format === undefined || data.length === 0) return data;
    const altered = toBytes(translation.write(format, parse(data), subject));
    if (format === "heartbeat") remember(decoder.decode(altered), data);
    return altered;
  };
  const read = (format: Format, data: Uint8Array): Uint8Array => {
    const text = decoder.decode(data);
    const quick = translation.readText(format, text);
    if (quick === text) return data;
    return quick === undefined
      ? toBytes(translation.read(format, JSON.parse(text) as Fields))
      : encoder.encode(quick);
  };
  const incoming = (subject: string, data: Uint8Array): Uint8Array => {
    const format = formatOf(subject);
    if (format === undefined || data.length === 0) return data;
    if (format === "heartbeat") {
      const ours = own.get(decoder.decode(data));
      if (ours) return ours;
    }
    const known = translation.known.get(data) ?? read(format, data);
    translation.known.set(data, known);
    return known;
  };
  const goBeside = (subject: string, data: Uint8Array) => {
    const format = formatOf(subject);
    const beside =
      format === undefined || data.length === 0 ? undefined : translation.beside(format, parse(data));
    if (beside) bus.publish(subject, toBytes(beside));
  };

  const send: Bus["acks"]["send"] = (subject, data, onAck, options) => {
    bus.acks.send(subject, outgoing(subject, data), onAck, options);
    goBeside(subject, data);
  };
  return {
    ...bus,
    publish(subject, data) {
      bus.publish(subject, data && outgoing(subject, data));
      if (data) goBeside(subject, data);
    },
    subscribe: (pattern, onMessage, options) =>
      bus.subscribe(
        pattern,
        (message) => onMessage({ ...message, data: incoming(message.subject, message.data) }),
        options,
      ),
    request(subject, data, timeoutMs) {
      goBeside(subject, data);
      return bus.request(subject, outgoing(subject, data), timeoutMs);
    },
    acks: {
      send,
      publish: (subject, data, options) =>
        new Promise((resolve, reject) => {
          send(subject, data, (error, ack) => (ack ? resolve(ack) : reject(error)), options);
        }),
    },
    async lastValue(stream, subject, by) {
      const last = await bus.lastValue(stream, subject, by);
      return last && { ...last, data: incoming(subject, last.data) };
    },
    async messageAt(stream, seq) {
      const message = await bus.messageAt(stream, seq);
      return message && { ...message, data: incoming(message.subject, message.data) };
    },
    consume: (options) =>
      bus.consume({
        ...options,
        onMessage: (message) =>
          options.onMessage({ ...message, data: incoming(message.subject, message.data) }),
      }),
  };
}

const parse = (data: Uint8Array): Fields => JSON.parse(decoder.decode(data)) as Fields;
