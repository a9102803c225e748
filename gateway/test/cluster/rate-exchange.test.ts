import { setImmediate as turn } from "node:timers/promises";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it } from "vitest";
import type { Taken } from "../../src/cluster/messages.ts";
import { createRateExchange } from "../../src/cluster/rate-exchange.ts";

const PROCESSES = 4;
/** 10 % of it, divided by the processes, is 10. */
const PER_MINUTE = 400;

/** A channel that takes messages while it is open; each is sent when `sent` is called. */
function channel() {
  const messages: Taken[][] = [];
  const waiting: (() => void)[] = [];
  return {
    messages,
    isOpen: true,
    sent: () => waiting.shift()?.(),
    report(taken: Taken[], onSent = () => {}) {
      if (!this.isOpen) return false;
      messages.push(taken);
      waiting.push(onSent);
      return true;
    },
  };
}

it("reports what is taken once it is a share that matters, and nothing of people far below the limit", async () => {
  const out = channel();
  const exchange = createRateExchange(PROCESSES, out);
  for (let n = 0; n < 9; n++) exchange.taken("connectsPerUser", "alice", PER_MINUTE);
  exchange.taken("connectsPerUser", "bob", PER_MINUTE);
  await turn();
  expect(out.messages).toEqual([]);
  exchange.taken("connectsPerUser", "alice", PER_MINUTE);
  await turn();
  expect(out.messages).toEqual([[["connectsPerUser", "alice", 10]]]);
});

it("reports at once what is taken by many tokens", async () => {
  const out = channel();
  const exchange = createRateExchange(PROCESSES, out);
  exchange.taken("entriesPerUser", "alice", PER_MINUTE, 4);
  exchange.taken("entriesPerUser", "alice", PER_MINUTE, 200);
  await turn();
  expect(out.messages).toEqual([[["entriesPerUser", "alice", 204]]]);
});

it("sends one message at a time, each of at most 500 people, and loses none of them", async () => {
  const out = channel();
  const exchange = createRateExchange(PROCESSES, out);
  const people = Array.from({ length: 1_200 }, (_, n) => `person-${n}`);
  for (const person of people) for (let n = 0; n < 10; n++) exchange.taken("x", person, PER_MINUTE);
  await turn();
  expect(out.messages.map((one) => one.length)).toEqual([500]);
  for (let n = 0; n < 3; n++) out.sent();
  expect(out.messages.map((one) => one.length)).toEqual([500, 500, 200]);
  expect(out.messages.flat().map(([, person]) => person)).toEqual(people);
});

it("keeps at most 10,000 while the channel takes nothing, and reports the rest with what is taken next", async () => {
  const out = channel();
  const exchange = createRateExchange(PROCESSES, out);
  out.isOpen = false;
  for (let n = 0; n < 10_050; n++) exchange.taken("x", `person-${n}`, 1);
  await turn();
  out.isOpen = true;
  await eventually(() => out.messages.length > 0);
  while (out.messages.flat().length < 10_000) out.sent();
  out.sent();
  exchange.taken("x", "person-10049", 1);
  await turn();
  expect(out.messages.flat()).toHaveLength(10_001);
  expect(out.messages.flat().at(-1)).toEqual(["x", "person-10049", 2]);
});
