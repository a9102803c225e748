import { type EventSource, eventSubject, partitionOf, partitionSubject } from "@meeshy/shared/subjects";
import { almost, anyJson } from "@meeshy/shared/testing/almost";
import { eventually } from "@meeshy/shared/testing/eventually";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { allOwned, profileOf, type Rig, type RunningWorker, startRig } from "./rig.ts";

/** Anything at all in the log. The worker runs in this process: an uncaught exception fails the run. */
let rig: Rig;
let running: RunningWorker;
beforeAll(async () => {
  rig = await startRig();
  running = await rig.startWorker();
  await allOwned(running);
});
afterAll(() => rig?.stop());

const profile = profileOf("mallory");
const connected = {
  type: "connected",
  connectionId: "c1",
  gatewayId: "g1",
  device: null,
  idleMs: 0,
  profile,
};
const EVENTS = [
  connected,
  { ...connected, profile: { ...profile, conversationIds: "general" } },
  { type: "disconnected", connectionId: "c1", reason: "transport close" },
  { type: "activity" },
  { type: "look", profile },
  { type: "disconnect-all" },
  { type: "availability", availability: "busy", statusText: "x", expiresAt: 1, profile },
  { type: "timeout", sweeperId: "s1", elapsed: 5 },
  { type: "gateway-lost", gatewayId: "g1" },
];

it("4,000 messages that are almost events are set aside or carried out, and all other users go on", async () => {
  const p = partitionOf("mallory");
  const token = fc.constantFrom("mallory", "=00", "=ZZ", "%", "x".repeat(300));
  const source = fc.constantFrom("gw", "sweep", "svc", "admin");
  const userId = fc.constantFrom("mallory", "auth0|a.b", "anon_x", "\0", "x".repeat(200));
  const subject = fc.oneof(
    { weight: 4, arbitrary: fc.constant(eventSubject("gw", "mallory")) },
    fc.tuple(source, userId).map(([from, user]) => eventSubject(from as EventSource, user)),
    fc.tuple(source, token).map(([from, of]) => `presence.in.${p}.${from}.${of}`),
    fc.constantFrom(partitionSubject("sweep", p), "presence.in.64.gw.x", "presence.in.x.gw.x"),
  );
  const message = fc.oneof(
    {
      weight: 4,
      arbitrary: fc
        .constantFrom(...EVENTS)
        .chain(almost)
        .chain((event) => almost({ event, publisher: "p1", number: 1 })),
    },
    {
      weight: 2,
      arbitrary: fc
        .constantFrom(...EVENTS)
        .chain(almost)
        .map((event) => ({ event })),
    },
    anyJson(),
  );
  const bytes = fc.oneof(
    { weight: 8, arbitrary: message.map((value) => JSON.stringify(value)) },
    fc.string(),
    fc.uint8Array(),
  );
  /** A failure here shows after the messages: the message of the failure names their seed. */
  const seed = Math.floor(Math.random() * 2 ** 31);
  const batch = fc.array(fc.tuple(subject, bytes), { minLength: 100, maxLength: 100 });
  await fc.assert(
    fc.asyncProperty(batch, async (messages) => {
      for (const [to, data] of messages) rig.link.nc.publish(to, data);
      await rig.link.nc.flush();
    }),
    { numRuns: 40, endOnFailure: true, seed },
  );

  // Some messages were valid events: the connections that they opened are closed again.
  const order = JSON.stringify({ event: { type: "disconnect-all" } });
  await rig.link.acks.publish(eventSubject("admin", "mallory"), Buffer.from(order));
  const gateway = rig.gateway();
  const bystander = ["bob", "carol", "dave", "erin"];
  await Promise.all(bystander.map((user) => gateway.connect(user, `connection of ${user}`)));
  const sequence = await gateway.connect("mallory", "honest");
  await eventually(async () =>
    (await Promise.all(bystander.map((user) => rig.status(user)))).every((status) => status?.isOnline),
  );
  // The same partition has read all these messages, and this event after them.
  await eventually(async () => Number((await rig.record("mallory"))?.seq) >= sequence, {
    what: `the attacked user's record, with seed ${seed}, is written`,
  });
  expect((await rig.record("mallory"))?.connections).toMatchObject([{ id: "honest" }]);
  expect(running.worker.unready()).toEqual([]);
});
