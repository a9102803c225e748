import type { Bus } from "@meeshy/shared/ports/bus";
import { describe, expect, test } from "vitest";
import { createRandom } from "../../../chaos/random.ts";
import { createBroker } from "../../bus/broker.ts";
import { createLink } from "../../bus/link.ts";
import { createSimBus } from "../../bus/sim-bus.ts";
import { createProcess } from "../../engine/process.ts";
import { createScheduler } from "../../engine/scheduler.ts";
import { definition, read, text } from "./bench.ts";

const LAG_MS = 500;
const STREAM = "THINGS";
/** Enough for each of two servers to be chosen once, whatever the seed. */
const TIMES = 40;

/** A broker, and a link to it over which questions are asked; virtual time passes until they are answered. */
function createWorld(seed: number) {
  const scheduler = createScheduler();
  const random = createRandom(seed);
  const broker = createBroker({ scheduler, random, wallStart: 0 });
  broker.createStream(definition());
  const process = createProcess({ name: "one", scheduler, random, wallStart: 0 });
  const link = createLink(process, scheduler, random);
  const bus = createSimBus({ process, link, broker, random });
  const wait = (ms: number) => scheduler.run(scheduler.now() + ms);
  const put = (value: string) => broker.append("things.a", text(value), {}, () => {});
  return {
    broker,
    wait,
    put,
    /** One message is everywhere, and the next with the leader alone. */
    async beginLag() {
      await wait(10);
      put("old");
      broker.beginLag({ lagsMs: LAG_MS, doublesNextOf: undefined });
      put("new");
    },
    async ask<T>(question: (bus: Bus) => Promise<T>): Promise<T[]> {
      const asked = Promise.all(Array.from({ length: TIMES }, () => question(bus)));
      await wait(100);
      return asked;
    },
  };
}

const lastValueBy = (by: "any" | "leader") => async (bus: Bus) => {
  const last = await bus.lastValue(STREAM, "things.a", by);
  return last && `${last.seq} ${read(last.data)}`;
};
const distinct = (values: unknown[]) => [...new Set(values)].sort();

describe("while a replica is behind", () => {
  test("any replica answers with what was stored by then, the leader with what is", async () => {
    const { beginLag, wait, ask } = createWorld(1);
    await beginLag();
    expect(distinct(await ask(lastValueBy("any")))).toEqual(["1 old", "2 new"]);
    expect(distinct(await ask(lastValueBy("leader")))).toEqual(["2 new"]);
    expect(distinct(await ask(async (bus) => (await bus.messageAt(STREAM, 2)) !== undefined))).toEqual([
      false,
      true,
    ]);
    await wait(LAG_MS);
    expect(distinct(await ask(lastValueBy("any")))).toEqual(["2 new"]);
  });

  test("a consumer that it holds ends where it is, and delivers the rest as it comes", async () => {
    const { beginLag, wait, ask } = createWorld(2);
    await beginLag();
    const consumed = await ask(async (bus) => {
      const seen = { values: [] as string[], atEnd: 0 };
      await bus.consume({
        ...{ stream: STREAM, filter: "things.>", from: 1, createdWithinMs: 1_000 },
        onMessage: ({ data }) => void seen.values.push(read(data)),
        onCaughtUp: () => {
          seen.atEnd = seen.values.length;
        },
      });
      return seen;
    });
    expect(distinct(consumed.map(({ values }) => String(values)))).toEqual(["old", "old,new"]);
    await wait(LAG_MS + 1_000);
    expect(distinct(consumed.map(({ values }) => String(values)))).toEqual(["old,new"]);
    expect(distinct(consumed.map(({ atEnd }) => atEnd))).toEqual([1, 2]);
  });

  test("it may count the messages of a stream otherwise, until it is replaced", async () => {
    const { broker, wait, put, ask } = createWorld(3);
    await wait(10);
    broker.beginLag({ lagsMs: 0, doublesNextOf: STREAM });
    put("first");
    put("second");
    await wait(10);
    expect(distinct(await ask(lastValueBy("any")))).toEqual(["2 second", "3 second"]);
    expect(distinct(await ask(lastValueBy("leader")))).toEqual(["2 second"]);
    broker.replaceReplica();
    expect(distinct(await ask(lastValueBy("any")))).toEqual(["2 second"]);
  });
});
