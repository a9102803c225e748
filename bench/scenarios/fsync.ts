import { openNats } from "@meeshy/shared/nats/connect";
import { startNats } from "@meeshy/shared/testing/servers";
import { percentile } from "../../chaos/report/stats.ts";
import type { Outcome, Sample, Scenario, Tools } from "../scenario.ts";

/** How long an acknowledged write may wait for the disk; the first is nats-server's own default. */
const INTERVALS = ["2m", "10s", "1s", "always"];
const STREAM = "WRITES";
/** About as large as an event with its profile. */
const MESSAGE = new Uint8Array(400).fill(120);
/** Writes that wait for their acknowledgement at a time, as a busy gateway's partitions do. */
const IN_FLIGHT = 64;
const WARM_UP_MS = 1_000;
const MEASURED_MS = 5_000;

/** What it costs to have acknowledged writes on the disk, by how long they may wait for it. */
export const fsync: Scenario = {
  name: "fsync",
  title: `stored writes of ${MESSAGE.length} B on one nats-server, ${IN_FLIGHT} at a time, by its sync_interval`,
  isApart: true,
  async run(tools): Promise<Outcome> {
    const samples: Sample[] = [];
    for (let round = 1; round <= tools.rounds; round++) {
      for (const interval of INTERVALS) {
        tools.say(`round ${round} of ${tools.rounds}: ${interval}`);
        samples.push(await measure(tools, interval));
      }
    }
    return {
      samples,
      targets: [],
      notes: [
        "When the power fails, one server may lose what it acknowledged in the last interval; a killed process loses nothing.",
        "Three replicas lose it only if two of the three lose power within the interval.",
        "Needs nats-server 2.10 or later: NATS_SERVER_BIN=newest.",
      ],
    };
  },
};

async function measure({ keep }: Tools, syncInterval: string): Promise<Sample> {
  const nats = keep(await startNats({ syncInterval }));
  const link = await openNats({ url: nats.url }, "bench");
  keep({ stop: () => link.close() });
  await link.jsm.streams.add({ name: STREAM, subjects: ["writes.>"], storage: "file" });
  const writeFor = async (ms: number): Promise<number[]> => {
    const until = performance.now() + ms;
    const waits: number[] = [];
    const writer = async (_: unknown, n: number) => {
      while (performance.now() < until) {
        const since = performance.now();
        await link.acks.publish(`writes.${n}`, MESSAGE);
        waits.push(performance.now() - since);
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, writer));
    return waits.sort((a, b) => a - b);
  };
  await writeFor(WARM_UP_MS);
  const since = performance.now();
  const waits = await writeFor(MEASURED_MS);
  const seconds = (performance.now() - since) / 1_000;
  await link.close();
  await nats.stop();
  return {
    subject: syncInterval,
    figures: {
      "writes/s": waits.length / seconds,
      "ack p50 ms": percentile(waits, 0.5),
      "ack p99 ms": percentile(waits, 0.99),
    },
  };
}
