import { PARTITIONS } from "@meeshy/shared/subjects";
import type { World } from "../world/world.ts";

type Report = (rule: string, about: string, text: string) => void;

const decoder = new TextDecoder();
/** Besides the living, and those who died lately: earlier lives of gateways, the epoch, the settings. */
const SPARE_ENTRIES = 24;
/** Whatever ended before this many settling times, and at least as many hours, has left nothing on the board. */
const FORGOTTEN_AFTER = 2;
const HOUR = 3_600_000;
const SPARE_SWEEPERS = 16;
const SPARE_PUBLISHERS = 200;

interface Lease {
  owner: string | null;
  memory: { seq: number; clock: { sweepers: object }; publishers: object } | null;
}

/** Checkpoints move, and nothing grows without a bound. */
export function judgeSizes(world: World, report: Report): void {
  const { broker, profile, people, slots } = world;
  const board = broker.streams().get("KV_PRESENCE_LEASES");
  const state = broker.streams().get("KV_PRESENCE_STATE");
  const log = broker.streams().get("PRESENCE_EVENTS");
  if (!board || !state || !log) return;
  const lately = world.scheduler.now() - FORGOTTEN_AFTER * Math.max(profile.settleMs, HOUR);
  const dead = world.ended.filter((at) => at > lately).length;
  const entries = PARTITIONS + slots.length + 2 * dead + SPARE_ENTRIES;
  if (board.size > entries)
    report("growth", "lease board", `${board.size} entries, ${slots.length} processes`);
  const records = 2 * people.everyone.length + 10;
  if (state.size > records) report("growth", "records", `${state.size} of ${people.everyone.length} people`);

  const now = broker.time();
  // 64 messages, or 2 s and news: whichever comes first; one sweeper writes at least a timeout a tick.
  const patience = 64 * profile.tickMs + profile.settleMs;
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const kept = board.lastOf(`$KV.PRESENCE_LEASES.p.${partition}`);
    if (kept === undefined || kept.deleted) continue;
    const { memory } = JSON.parse(decoder.decode(kept.data)) as Lease;
    if (memory === null) continue;
    const sweepers = Object.keys(memory.clock?.sweepers ?? {}).length;
    if (sweepers > profile.sweepers + SPARE_SWEEPERS)
      report("growth", `partition ${partition}`, `${sweepers} sweepers in its checkpoint`);
    const publishers = Object.keys(memory.publishers ?? {}).length;
    if (publishers > SPARE_PUBLISHERS)
      report("growth", `partition ${partition}`, `${publishers} publishers in its checkpoint`);
    const prefix = `presence.in.${partition}.`;
    for (const { subject, time, seq } of log.since(memory.seq + 1)) {
      if (!subject.startsWith(prefix)) continue;
      if (now - time > patience)
        report(
          "checkpoint stalled",
          `partition ${partition}`,
          `at ${memory.seq}, ${seq} is ${Math.round((now - time) / 1_000)} s old`,
        );
      break;
    }
  }
}
