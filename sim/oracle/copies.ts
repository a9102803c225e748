import type { World } from "../world/world.ts";

type Report = (rule: string, about: string, text: string) => void;

/** Copies of one message that the log may hold: a lost acknowledgement has everything after it sent again. */
const MOST_COPIES = 12;
const decoder = new TextDecoder();

/** Counts how often gateways write the same message: resends that never count as acknowledged feed on themselves. */
export function createCopyCounter({ broker }: World, report: Report): () => void {
  let readUpTo = 0;
  let created = "";
  const copies = new Map<string, number>();
  return () => {
    const log = broker.streams().get("PRESENCE_EVENTS");
    if (!log) return;
    if (log.created !== created || log.last < readUpTo) {
      created = log.created;
      readUpTo = log.last;
      copies.clear();
    }
    for (const { subject, data } of log.since(readUpTo + 1)) {
      if (!subject.includes(".gw.")) continue;
      const { publisher, number } = JSON.parse(decoder.decode(data)) as {
        publisher?: string;
        number?: number;
      };
      const key = `${subject.split(".")[2]} ${publisher} ${number}`;
      const count = (copies.get(key) ?? 0) + 1;
      copies.set(key, count);
      if (count === MOST_COPIES)
        report("endless resends", subject, `${publisher} has written its message ${number} ${count} times`);
    }
    readUpTo = log.last;
    if (copies.size > 20_000) copies.clear();
  };
}
