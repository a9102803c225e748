import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import type { StatusMessage } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { describe, expect, it } from "vitest";
import { type BroadcasterDeps, createBroadcaster } from "../../src/delivery/broadcaster.ts";
import { createDisclosureLedger } from "../../src/delivery/disclosures.ts";

const BOB = { id: "bob", username: "bob", isAnonymous: false, isActive: true, showOnlineStatus: true };
const status = (version: number) => ({ userId: "bob", at: null, version }) as StatusMessage;
const change = (status: StatusMessage) => ({ status, meta: { traceparent: undefined } });

it("a change that waits for the directory is not sent after a later one that had no viewers", async () => {
  const directory = Promise.withResolvers<{ user: typeof BOB }>();
  let hasViewers = true;
  const sent: number[] = [];
  const noted: unknown[] = [];
  const { broadcast } = createBroadcaster({
    audience: {
      hasViewers: () => hasViewers,
      receivers: () => ({ sharers: ["socket"], admins: [] }),
    },
    directory: {
      users: { peek: () => undefined },
      person: async (id: string) => (id === "bob" ? directory.promise : { user: { ...BOB, id } }),
    },
    outlet: { status: (_: string[], { version }: StatusMessage) => void sent.push(version) },
    disclosures: createDisclosureLedger(),
    sentMeanwhile: {
      isWaiting: () => false,
      note({ version }: StatusMessage, socketIds: string[]) {
        noted.push([version, ...socketIds]);
      },
    },
    metrics: { broadcasts: { inc() {} } },
    logger: createLogger("test", "silent"),
  } as unknown as BroadcasterDeps);

  broadcast(change(status(1)));
  hasViewers = false;
  broadcast(change(status(2)));
  // Someone comes now, and receives version 2 in the whole view.
  hasViewers = true;
  directory.resolve({ user: BOB });
  await directory.promise;
  broadcast(change({ ...status(3), userId: "carol" }));
  await eventually(() => sent.includes(3));
  expect(sent).toEqual([3]);
  expect(noted).toEqual([[3, "socket"]]);
});

it("a change that waits for the directory is given up once its gateway stops", async () => {
  let reads = 0;
  const { broadcast, stop } = createBroadcaster({
    clock: { ...systemClock, sleep: () => systemClock.turn() },
    audience: { hasViewers: () => true },
    directory: {
      users: { peek: () => undefined },
      async person() {
        reads++;
        throw new Error("the directory is away");
      },
    },
    logger: createLogger("test", "silent"),
  } as unknown as BroadcasterDeps);

  broadcast(change(status(1)));
  await eventually(() => reads >= 3);
  stop();
  const readsAtStop = reads;
  for (let turn = 0; turn < 20; turn++) await systemClock.turn();
  expect(reads).toBe(readsAtStop);
});

describe("when the directory has news of a person", () => {
  /** A broadcaster whose questions to the directory are answered one at a time. */
  function start(options: { isKnown: boolean; isWaiting: boolean }) {
    const sent: number[] = [];
    const answers: (() => void)[] = [];
    const broadcaster = createBroadcaster({
      audience: { hasViewers: () => true, receivers: () => ({ sharers: ["socket"], admins: [] }) },
      directory: {
        users: { peek: () => (options.isKnown ? BOB : undefined) },
        person: () => new Promise((resolve) => answers.push(() => resolve({ user: BOB }))),
      },
      outlet: { status: (_: string[], { version }: StatusMessage) => void sent.push(version) },
      disclosures: createDisclosureLedger(),
      sentMeanwhile: { isWaiting: () => options.isWaiting, note: () => {} },
      metrics: { broadcasts: { inc() {} } },
      logger: createLogger("test", "silent"),
    } as unknown as BroadcasterDeps);
    return { ...broadcaster, sent, answers };
  }

  it("a change is sent only once they are read, whatever else is known", async () => {
    const { broadcast, sent, answers } = start({ isKnown: true, isWaiting: true });
    broadcast(change(status(1)));
    expect([sent, answers.length]).toEqual([[], 1]);
    answers[0]?.();
    await eventually(() => sent.length > 0);
    expect(sent).toEqual([1]);
  });

  it("a change that waits does so for an answer that is as new", async () => {
    const { broadcast, readAnew, sent, answers } = start({ isKnown: false, isWaiting: false });
    broadcast(change(status(1)));
    readAnew("bob");
    answers[0]?.();
    await eventually(() => answers.length === 2);
    expect(sent).toEqual([]);
    answers[1]?.();
    await eventually(() => sent.length > 0);
    expect(sent).toEqual([1]);
  });
});
