import { createLogger } from "@meeshy/shared/runtime/logger";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import { eventually } from "@meeshy/shared/testing/eventually";
import { describe, expect, it } from "vitest";
import type { ClientConnection } from "../../src/connections/connections.ts";
import { createDisclosureLedger } from "../../src/delivery/disclosures.ts";
import { liveViewer } from "../../src/delivery/live-viewer.ts";
import { createSentMeanwhile } from "../../src/delivery/sent-meanwhile.ts";
import { createSnapshots, type SnapshotDeps } from "../../src/delivery/snapshots.ts";

const BOB = {
  ...{ id: "bob", username: "bob", isAnonymous: false, isActive: true },
  ...{ showOnlineStatus: true, showLastSeen: true },
};
const STATUS = {
  ...{ userId: "bob", username: "bob", isAnonymous: false, isOnline: true, availability: "available" },
  ...{
    statusText: null,
    lastActiveAt: null,
    lastSeen: null,
    epoch: 1,
    version: 1,
    cause: "connect",
    at: null,
  },
  ...{ conversationIds: ["general"], directoryVersion: 0 },
};

/** Alice, in one conversation with bob, who is online; the directory fails while `isAway`. */
function world() {
  const state = { isAway: true, sent: [] as PresenceSnapshot[] };
  const read = <V>(cache: Map<string, V>, value: V) => ({
    peek: (id: string) => cache.get(id),
    async get(id: string) {
      if (state.isAway) throw new Error("the directory is away");
      cache.set(id, value);
      return value;
    },
    async getMany(ids: string[]) {
      for (const id of ids) await this.get(id);
      return cache;
    },
  });
  const blocks = new Map<string, ReadonlySet<string>>();
  const users = new Map<string, typeof BOB>();
  const largeRooms = { isLarge: () => false, of: () => [] };
  const connection = {
    userId: "alice",
    socket: { id: "s1", connected: true, rooms: new Set() },
    identity: { isAdmin: false },
    conversationIds: ["general"],
    blocked: new Set(),
  } as unknown as ClientConnection;
  const snapshots = createSnapshots({
    clock: { sleep: () => new Promise((resolve) => setImmediate(resolve)) },
    directory: { blocks: read(blocks, new Set<string>()), users: read(users, BOB) },
    feed: {
      get: (id: string) => (id === "bob" ? STATUS : undefined),
      shown: () => undefined,
      onlineIn: () => new Set(["bob"]),
      absentWithTextIn: () => new Set(),
    },
    outlet: { snapshot: (_: string[], snapshot: PresenceSnapshot) => void state.sent.push(snapshot) },
    largeRooms,
    board: { brokerTime: () => undefined },
    disclosures: createDisclosureLedger(),
    sentMeanwhile: createSentMeanwhile(),
    logger: createLogger("test", "silent"),
  } as unknown as SnapshotDeps);
  const viewer = liveViewer(connection, largeRooms as never);
  return { state, snapshots, connection, viewer, blocks, users };
}
const names = ({ users }: PresenceSnapshot) => users.map(({ userId }) => userId);

describe("a view while the directory is away", () => {
  it("is not sent without the viewer's blocks, and comes once they can be read", async () => {
    const { state, snapshots, connection } = world();
    await snapshots.send(connection);
    expect(state.sent).toEqual([]);
    state.isAway = false;
    await eventually(() => state.sent.length > 0);
    expect(state.sent.map(names)).toEqual([["bob"]]);
  });

  it("is sent without people who cannot be read, and whole once they can", async () => {
    const { state, snapshots, connection, blocks } = world();
    blocks.set("alice", new Set());
    await snapshots.send(connection);
    expect(state.sent.map(names)).toEqual([[]]);
    state.isAway = false;
    await eventually(() => state.sent.length > 1);
    expect(state.sent.map(names)).toEqual([[], ["bob"]]);
  });

  it("is sent whole later where a change of it could not be read", async () => {
    const { state, snapshots, connection, viewer, blocks } = world();
    blocks.set("alice", new Set());
    await snapshots.sendPartial(connection, viewer, new Set(["bob"]), []);
    state.isAway = false;
    await eventually(() => state.sent.some((snapshot) => !snapshot.partial));
    expect(state.sent.at(-1)).toMatchObject({ users: [{ userId: "bob", isOnline: true }] });
  });
});
