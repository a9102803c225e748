import { expect, test } from "vitest";
import { type Observation, observe, receivingSince, type SelfCheckState } from "../../src/core/self-check.ts";

const LEASE = 6_000;
const WORKER_LEASE = 2_000;
const RULES = { gatewayLeaseMs: LEASE, everyMs: 500 };
const START = 100_000;

interface Scene extends Partial<Omit<Observation, "now" | "workers" | "gateways">> {
  /** since when each worker, each gateway is silent; those absent beat on */
  silentWorkers?: Record<string, number>;
  silentGateways?: Record<string, number>;
  workers?: string[];
  gateways?: string[];
  gatewayLeaseMs?: number;
}

/** What is seen at `now` when all those named beat, except the silent ones. */
function see(now: number, scene: Scene = {}): Observation {
  const signs = (names: string[], leaseMs: number, silent: Record<string, number> = {}) =>
    names.map((id) => ({ id, changedAt: silent[id] ?? now - 100, leaseMs }));
  return {
    now,
    linkUp: scene.linkUp ?? true,
    ownBeatAt: scene.ownBeatAt === undefined ? now - 100 : scene.ownBeatAt,
    workers: signs(scene.workers ?? ["w"], WORKER_LEASE, scene.silentWorkers),
    gateways: signs(scene.gateways ?? ["a", "b"], scene.gatewayLeaseMs ?? LEASE, scene.silentGateways),
  };
}

/** Looks every 500 ms from `from` to `to`, both included. */
function watch(
  state: SelfCheckState | undefined,
  from: number,
  to: number,
  scene: Scene = {},
): SelfCheckState {
  let after = state;
  for (let now = from; now <= to; now += 500) after = observe(after, see(now, scene), RULES);
  return after as SelfCheckState;
}

const reason = ({ verdict }: SelfCheckState) => (verdict.state === "paused" ? verdict.reason : "running");
/** A self-check that has passed for a while, last at `START`. */
const settled = () => watch(undefined, START - 10_000, START);

test("runs while the link is up and its own heartbeat comes back", () => {
  expect(reason(watch(settled(), START + 500, START + 60_000))).toBe("running");
});

test("runs at once at a first start where no gateway was there before", () => {
  expect(reason(observe(undefined, see(START, { gateways: [] }), RULES))).toBe("running");
});

test("does not run before its own heartbeat came back once", () => {
  const silent = { ownBeatAt: null, gateways: [] };
  const first = watch(undefined, START, START + 1_500, silent);
  expect(reason(first)).toBe("the own heartbeat has not come back yet");
  expect(reason(observe(first, see(START + 2_000, { gateways: [] }), RULES))).toBe("running");
});

test("takes a first heartbeat that is late for a gap", () => {
  const late = watch(undefined, START, START + 3_500, { ownBeatAt: null, gateways: [] });
  expect(reason(late)).toBe("the own heartbeat does not come back");
  const after = watch(late, START + 4_000, START + 4_000, { gateways: [] });
  expect(reason(after)).toBe("gateways are given time after a gap");
});

test("after a start, waits for a heartbeat of each gateway that was there", () => {
  const before = { silentGateways: { a: START - 100, b: START - 100 } };
  const first = observe(undefined, see(START, before), RULES);
  expect(reason(first)).toBe("gateways of before the start are awaited");
  const one = observe(first, see(START + 500, { silentGateways: { b: START - 100 } }), RULES);
  expect(reason(one)).toBe("gateways of before the start are awaited");
  expect(reason(observe(one, see(START + 1_000), RULES))).toBe("running");
});

test("after a start, does not wait for a gateway that has gone", () => {
  const first = observe(undefined, see(START), RULES);
  expect(reason(observe(first, see(START + 500, { gateways: [] }), RULES))).toBe("running");
});

test("after a start, waits two gateway leases at most for gateways that stay silent", () => {
  const silent = { silentGateways: { a: START - 100 } };
  const first = observe(undefined, see(START, silent), RULES);
  const almost = watch(first, START + 500, START + 2 * LEASE - 500, silent);
  expect(reason(almost)).toBe("gateways of before the start are awaited");
  expect(reason(observe(almost, see(START + 2 * LEASE, silent), RULES))).toBe("running");
});

const gaps: [string, Scene][] = [
  ["the link to NATS is down", { linkUp: false }],
  ["the own heartbeat does not come back", { ownBeatAt: START }],
  [
    "no other heartbeat arrives",
    { silentWorkers: { w: START }, silentGateways: { a: START, b: START }, workers: ["w"] },
  ],
];

test.each(gaps)("pauses while %s, and for two gateway leases after it", (why, scene) => {
  const during = watch(settled(), START + 500, START + 10_000, scene);
  expect(reason(during)).toBe(why);
  const end = START + 10_500;
  const quiet = watch(during, end, end + 2 * LEASE - 500);
  expect(reason(quiet)).toBe("gateways are given time after a gap");
  expect(reason(observe(quiet, see(end + 2 * LEASE), RULES))).toBe("running");
});

test("without its own heartbeat, pauses before a silent gateway's lease has passed", () => {
  const silent = { ownBeatAt: START, silentGateways: { a: START, b: START } };
  const after = watch(settled(), START + 500, START + 3_500, silent);
  expect(reason(after)).toBe("the own heartbeat does not come back");
  expect(reason(watch(settled(), START + 500, START + 3_000, silent))).toBe("running");
});

test("takes a pause of its own process for a gap, although all others beat when it goes on", () => {
  const woken = observe(settled(), see(START + 2_500), RULES);
  expect(reason(woken)).toBe("this process stood still");
  const quiet = watch(woken, START + 3_000, START + 3_000 + 2 * LEASE - 500);
  expect(reason(quiet)).toBe("gateways are given time after a gap");
  expect(reason(observe(quiet, see(START + 3_000 + 2 * LEASE), RULES))).toBe("running");
});

test("a late look is no gap", () => {
  expect(reason(observe(settled(), see(START + 1_900), RULES))).toBe("running");
});

test("pauses while every worker stands still, and runs at the next beat of one", () => {
  const workers = ["w", "v"];
  const still = { workers, silentWorkers: { w: START, v: START } };
  const paused = watch(settled(), START + 500, START + 5_000, still);
  expect(reason(paused)).toBe("workers stand still");
  expect(reason(observe(paused, see(START + 5_500, { workers, silentWorkers: { w: START } }), RULES))).toBe(
    "running",
  );
});

test("runs while one of several workers is silent, and where there are no workers", () => {
  const one = { workers: ["w", "v"], silentWorkers: { w: START } };
  expect(reason(watch(settled(), START + 500, START + 20_000, one))).toBe("running");
  expect(reason(watch(settled(), START + 500, START + 20_000, { workers: [] }))).toBe("running");
});

test("runs while all gateways are silent but a worker beats", () => {
  const silent = { silentGateways: { a: START, b: START } };
  expect(reason(watch(settled(), START + 500, START + 20_000, silent))).toBe("running");
});

test("counts the time in which it receives from the first look after the last gap, or from its start", () => {
  expect(receivingSince(settled())).toBe(START - 10_000);
  const gap = watch(settled(), START + 500, START + 4_000, { linkUp: false });
  expect(receivingSince(watch(gap, START + 4_500, START + 9_000))).toBe(START + 4_500);
});

test("judges no gateway after a gap for two of their own leases where these are longer", () => {
  const longer = { gatewayLeaseMs: 4 * LEASE };
  const gap = watch(settled(), START + 500, START + 1_000, { linkUp: false, ...longer });
  const after = watch(gap, START + 1_500, START + 1_500 + 8 * LEASE - 500, longer);
  expect(reason(after)).toBe("gateways are given time after a gap");
  expect(reason(watch(after, START + 1_500 + 8 * LEASE, START + 1_500 + 8 * LEASE, longer))).toBe("running");
});
