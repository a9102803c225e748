import { describe, expect, it } from "vitest";
import { inTurns } from "../campaign.ts";
import { back, catalogueOf, select } from "../faults/catalogue.ts";
import { planPopulation } from "../fleet/population.ts";
import { parseOptions } from "../options.ts";
import { createRandom } from "../random.ts";
import { TIMES } from "../times.ts";

describe("chance", () => {
  it("is repeated by its seed, and differs with another", () => {
    const draw = (seed: number) => {
      const random = createRandom(seed);
      return [random.next(), random.pick([1, 2, 3]), ...random.shuffled([1, 2, 3, 4, 5])];
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });

  it("picks by weight", () => {
    const random = createRandom(1);
    const picks = Array.from({ length: 10_000 }, () => random.weighed({ often: 9, seldom: 1, never: 0 }));
    const count = (name: string) => picks.filter((pick) => pick === name).length;
    expect(count("never")).toBe(0);
    expect(count("seldom")).toBeGreaterThan(800);
    expect(count("seldom")).toBeLessThan(1_200);
  });
});

describe("a population", () => {
  const population = planPopulation(320, 2, createRandom(3));
  const { users, members, clients, kept, choosing } = population;

  it("has as many clients as asked for; second ones of a user start on another gateway", () => {
    expect(clients).toHaveLength(320);
    const homes = Map.groupBy(clients, ({ userId }) => userId);
    const doubles = [...homes.values()].filter((own) => own.length > 1);
    expect(doubles.length).toBeGreaterThan(30);
    for (const own of doubles) expect(new Set(own.map(({ home }) => home)).size).toBe(own.length);
  });

  it("has rooms of about ten, no user twice in one, and users without a room", () => {
    for (const userIds of members.values()) {
      expect(userIds.length).toBeGreaterThanOrEqual(8);
      expect(new Set(userIds).size).toBe(userIds.length);
    }
    const sociable = new Set([...members.values()].flat());
    expect(users.filter((userId) => !sociable.has(userId))).toHaveLength(5);
  });

  it("is the same for the same seed", () => {
    expect(planPopulation(320, 2, createRandom(3))).toEqual(population);
  });

  it("has people whom services keep, most of them without a client, and people for whom something is chosen", () => {
    const own = new Set(clients.map(({ userId }) => userId));
    const rooms = new Set([...members.values()].flat());
    for (const some of [kept, choosing]) {
      expect(some.some((userId) => own.has(userId))).toBe(true);
      expect(some.some((userId) => !own.has(userId))).toBe(true);
      expect(some.filter((userId) => !rooms.has(userId) || !users.includes(userId))).toEqual([]);
    }
  });
});

describe("the catalogue", () => {
  const catalogue = catalogueOf(TIMES);
  const kinds = new Set(catalogue.map(({ kind }) => kind));
  const isLink = (kind: string) =>
    ["cut", "freeze", "freeze-in", "freeze-out", "refuse", "narrow"].includes(kind);

  it("kills and stops, for shorter and longer than the lease, one and all of everything", () => {
    const killed = catalogue.filter(({ action, release }) => action === "kill" && release === "current");
    const stopped = catalogue.filter(({ action }) => action === "stop");
    expect([killed.length, stopped.length]).toEqual([9, 16]);
    const hold = (name: string) => catalogue.find((plan) => plan.name === name)?.holdMs;
    expect(hold("stop-short:worker")).toBeLessThan(TIMES.workerLeaseMs);
    expect(hold("stop-long:worker")).toBeGreaterThan(TIMES.workerLeaseMs);
    expect(hold("stop-long:nats")).toBeGreaterThan(TIMES.gatewayLeaseMs);
  });

  it("disturbs the link of one gateway, worker or sweeper in every way, for longer than any lease", () => {
    const disturbed = catalogue.filter(
      ({ action, component }) => action !== "kill" && action !== "stop" && component !== "nats",
    );
    expect(disturbed.map(({ all }) => all)).not.toContain(true);
    expect(Math.min(...disturbed.map(({ holdMs }) => holdMs))).toBeGreaterThan(TIMES.gatewayLeaseMs);
    const kinds = [...Map.groupBy(disturbed, ({ kind }) => kind)];
    expect(kinds.map(([kind, plans]) => `${kind} ${plans.length}`)).toEqual([
      ...["cut 3", "freeze 3", "freeze-in 3", "freeze-out 3", "refuse 3", "narrow 3"],
      ...["slow-1s 3", "slow-2s 3", "slow-5s 3"],
    ]);
  });

  it("kills one of several processes of a gateway, where gateways have several", () => {
    const parts = catalogue.filter(({ part }) => part);
    expect(parts).toMatchObject([
      { name: "kill:gateway-process", action: "kill", needs: "several processes" },
    ]);
  });

  it("names every fault once", () => {
    expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length);
  });

  it("is cut down by a part of the name", () => {
    expect(select(catalogue, "kill:all-gateways").map(({ name }) => name)).toEqual(["kill:all-gateways"]);
    expect(select(catalogue, "nats")).toHaveLength(3);
    expect(select(catalogue, "nothing like it")).toEqual([]);
  });

  it("comes in turns: one of each kind before the others, each once, another one for another seed", () => {
    const turns = (seed: number) => inTurns(catalogue, createRandom(seed)).map(({ name }) => name);
    const first = inTurns(catalogue, createRandom(1)).slice(0, kinds.size);
    expect(new Set(first.map(({ kind }) => kind))).toEqual(kinds);
    expect(turns(1).toSorted()).toEqual(catalogue.map(({ name }) => name).toSorted());
    expect(turns(1)).toEqual(turns(1));
    expect(turns(1)).not.toEqual(turns(2));
  });

  it("brings a short run to gateways, workers and sweepers alike", () => {
    for (const seed of [1, 2, 3]) {
      const first = inTurns(catalogue, createRandom(seed)).slice(0, kinds.size);
      const links = first.filter(({ kind }) => kind.startsWith("slow") || isLink(kind));
      const counts = [...Map.groupBy(links, ({ component }) => component).values()].map((of) => of.length);
      expect(Math.min(...counts)).toBeGreaterThanOrEqual(2);
      expect(counts).toHaveLength(3);
    }
  });

  it("has a way back for each process that became older", () => {
    const older = select(catalogue, "older:");
    expect(older.map((plan) => back(plan))).toMatchObject([
      { name: "newer:gateway", component: "gateway", action: "kill", release: "current", needs: null },
      { name: "newer:worker", component: "worker", action: "kill", release: "current", needs: null },
      { name: "newer:sweeper", component: "sweeper", action: "kill", release: "current", needs: null },
    ]);
  });
});

describe("the command line", () => {
  const half = () => 0.5;

  it("needs nothing: the seed is by chance", () => {
    expect(parseOptions([], half)).toEqual({
      seed: 2 ** 30,
      minutes: 4.9,
      clients: 320,
      only: null,
      json: null,
    });
  });

  it("takes what it is given", () => {
    const args = "--seed 5 --minutes 2 --only nats --json out.json --clients 50".split(" ");
    expect(parseOptions(args, half)).toEqual({
      seed: 5,
      minutes: 2,
      only: "nats",
      json: "out.json",
      clients: 50,
    });
  });

  it.each([["--seed", "x"], ["--minutes", "0"], ["--clients", ""], ["--unknown"]])(
    "refuses %s %s",
    (...args) => {
      expect(() => parseOptions(args, half)).toThrow();
    },
  );

  it("gives help in place of a run", () => {
    expect(parseOptions(["--help"], half)).toBeUndefined();
  });
});
