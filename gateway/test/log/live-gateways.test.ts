import type { LeaseEntry } from "@meeshy/shared/nats/lease-board";
import { leaseKeys } from "@meeshy/shared/subjects";
import { expect, it } from "vitest";
import { createLiveGateways } from "../../src/log/live-gateways.ts";

let now = 0;
let looks = 0;
let entries: LeaseEntry[] = [];
const beat = (id: string, more: object = {}): LeaseEntry => ({
  ...{ key: leaseKeys.gateway(id), revision: 1, changedAt: now, writtenAt: 0 },
  value: { beat: 1, connections: 0, users: 0, ...more },
});
const board = {
  list() {
    looks++;
    return entries;
  },
};

it("a gateway counts while it is heard of within a lease and not declared lost, and publishes once it says so", () => {
  now = 1_000;
  entries = [beat("gw-a", { outward: true }), beat("gw-b"), beat("gw-c", { lost: true, outward: true })];
  const gateways = createLiveGateways(board, { now: () => now }, { gatewayLeaseMs: 6_000 });
  expect(gateways.hasOther("gw-a")).toBe(true);
  expect(gateways.outward()).toEqual(["gw-a"]);
  now += 5_000;
  entries = [entries[0] as LeaseEntry, beat("gw-b", { outward: true })];
  expect(gateways.outward()).toEqual(["gw-a", "gw-b"]);
  now += 2_000;
  expect(gateways.outward()).toEqual(["gw-b"]);
  expect(gateways.hasOther("gw-b")).toBe(false);
});

it("many questions within a quarter of a second share one look at the leases", () => {
  const gateways = createLiveGateways(board, { now: () => now }, { gatewayLeaseMs: 6_000 });
  looks = 0;
  for (let goodbye = 0; goodbye < 1_000; goodbye++) gateways.hasOther("gw-a");
  expect(looks).toBe(1);
  now += 250;
  gateways.hasOther("gw-a");
  expect(looks).toBe(2);
});
