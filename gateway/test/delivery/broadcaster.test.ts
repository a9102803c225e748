import { createLogger } from "@meeshy/shared/runtime/logger";
import { systemClock } from "@meeshy/shared/runtime/system-clock";
import type { StatusMessage } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it } from "vitest";
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
    onSent({ version }: StatusMessage, socketIds: string[]) {
      noted.push([version, ...socketIds]);
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
