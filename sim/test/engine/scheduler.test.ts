import { describe, expect, test } from "vitest";
import { createRandom } from "../../../chaos/random.ts";
import { createProcess } from "../../engine/process.ts";
import { createScheduler } from "../../engine/scheduler.ts";

const world = () => {
  const scheduler = createScheduler();
  const make = (name: string) =>
    createProcess({ name, scheduler, random: createRandom(7), wallStart: 1_000_000 });
  return { scheduler, make };
};

describe("the scheduler", () => {
  test("runs by time, then in the order of scheduling, and everything that follows without waiting in between", async () => {
    const { scheduler } = world();
    const seen: string[] = [];
    scheduler.at(20, () => seen.push("late"));
    scheduler.at(10, () => {
      seen.push("first");
      void (async () => {
        for (let turn = 0; turn < 50; turn++) await null;
        seen.push("after 50 awaits");
      })();
    });
    scheduler.at(10, () => seen.push("second"));
    await scheduler.run(100);
    expect(seen).toEqual(["first", "after 50 awaits", "second", "late"]);
    expect(scheduler.now()).toBe(100);
  });

  test("has the same fingerprint for the same run, and another for another", async () => {
    const run = async (pause: number) => {
      const { scheduler, make } = world();
      const { clock } = make("a");
      clock.every(7, () => scheduler.note(clock.id()));
      clock.every(pause, () => {});
      await scheduler.run(10_000);
      return scheduler.fingerprint();
    };
    expect(await run(11)).toBe(await run(11));
    expect(await run(11)).not.toBe(await run(13));
  });
});

describe("a simulated process", () => {
  test("has nothing run any more once it is killed, not even what it awaits", async () => {
    const { scheduler, make } = world();
    const process = make("a");
    const seen: string[] = [];
    process.clock.every(10, () => seen.push("tick"));
    void process.clock.sleep(35).then(() => seen.push("slept"));
    scheduler.at(25, () => process.kill());
    await scheduler.run(100);
    expect(seen).toEqual(["tick", "tick"]);
  });

  test("catches up on what waited when it goes on after a pause", async () => {
    const { scheduler, make } = world();
    const process = make("a");
    const seen: number[] = [];
    process.clock.after(20, () => seen.push(process.clock.now()));
    scheduler.at(10, () => process.pause());
    scheduler.at(500, () => process.resume());
    await scheduler.run(1_000);
    expect(seen).toEqual([500]);
  });

  test("does not notice the time of a pause that stopped its clock", async () => {
    const { scheduler, make } = world();
    const process = make("a");
    const seen: [number, number][] = [];
    process.clock.after(20, () => seen.push([scheduler.now(), process.clock.now()]));
    scheduler.at(10, () => process.pause({ stopsClock: true }));
    scheduler.at(500, () => process.resume());
    await scheduler.run(1_000);
    expect(seen).toEqual([[510, 20]]);
  });

  test("measures time at its own rate, and its wall clock can be wrong", async () => {
    const { scheduler, make } = world();
    const process = make("a");
    process.setRate(2);
    process.stepWall(-500);
    const seen: number[] = [];
    process.clock.after(100, () => seen.push(scheduler.now(), process.clock.now(), process.clock.wall()));
    await scheduler.run(1_000);
    expect(seen).toEqual([50, 100, 1_000_000 + 50 - 500]);
  });

  test("ends an interval that is cancelled from within it", async () => {
    const { scheduler, make } = world();
    const { clock } = make("a");
    let ticks = 0;
    const timer = clock.every(10, () => {
      if (++ticks === 3) timer.cancel();
    });
    await scheduler.run(1_000);
    expect(ticks).toBe(3);
  });
});
