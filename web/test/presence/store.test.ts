import { describe, expect, it } from "vitest";
import { createPresenceStore } from "../../presence/store.ts";
import { buildStatus } from "./build-status.ts";

function liveStore(...online: ReturnType<typeof buildStatus>[]) {
  const store = createPresenceStore();
  store.snapshot({ users: online, occupancy: [] });
  return store;
}
const bobOf = (store: ReturnType<typeof createPresenceStore>) => store.getState().users.get("bob");

describe("news from the feed", () => {
  it.each([
    { what: "a greater version", epoch: 1, version: 11, accepted: true },
    { what: "a greater epoch, with a smaller version", epoch: 2, version: 1, accepted: true },
    { what: "the same version", epoch: 1, version: 10, accepted: false },
    { what: "a smaller version", epoch: 1, version: 9, accepted: false },
    { what: "a smaller epoch, with a greater version", epoch: 0, version: 99, accepted: false },
  ])("with $what is accepted: $accepted", ({ epoch, version, accepted }) => {
    const store = liveStore(buildStatus("bob", { epoch: 1, version: 10 }));
    store.statuses([buildStatus("bob", { epoch, version, isOnline: false })]);
    expect(bobOf(store)?.isOnline).toBe(!accepted);
  });

  it("is accepted for an unknown person", () => {
    const store = liveStore();
    store.statuses([buildStatus("bob", { version: 0 })]);
    expect(bobOf(store)?.isOnline).toBe(true);
  });

  it("takes the newest of a batch, in whatever order it comes", () => {
    const store = liveStore();
    store.statuses([
      buildStatus("bob", { version: 3, isOnline: false }),
      buildStatus("bob", { version: 2 }),
      buildStatus("carol", { version: 2 }),
    ]);
    expect(bobOf(store)?.version).toBe(3);
    expect(store.getState().users.get("carol")?.version).toBe(2);
  });

  it("leaves the picture as it is, by identity, when nothing of it is newer", () => {
    const store = liveStore(buildStatus("bob", { version: 10 }));
    const before = store.getState().users;
    store.statuses([buildStatus("bob", { version: 10 })]);
    expect(store.getState().users).toBe(before);
  });
});

describe("a full snapshot", () => {
  it("turns every person offline who is absent from it, and keeps their name and last activity", () => {
    const store = liveStore(buildStatus("bob", { lastSeen: "2025-12-24T18:00:00.000Z", statusText: "hi" }));
    store.snapshot({ users: [buildStatus("carol")], occupancy: [] });
    expect(bobOf(store)).toMatchObject({
      isOnline: false,
      username: "bob",
      lastActiveAt: "2026-01-01T12:00:00.000Z",
      lastSeen: null,
      statusText: null,
    });
  });

  it("keeps the last departure of a person who was offline already", () => {
    const lastSeen = "2025-12-24T18:00:00.000Z";
    const store = liveStore();
    store.statuses([buildStatus("bob", { isOnline: false, lastSeen })]);
    store.snapshot({ users: [], occupancy: [] });
    expect(bobOf(store)?.lastSeen).toBe(lastSeen);
  });

  it("is counted, for what was read by REST before it may be out of date", () => {
    const store = liveStore();
    store.snapshot({ users: [], occupancy: [] });
    expect(store.getState().snapshots).toBe(2);
  });

  it("replaces newer versions, and then takes the same version from the feed again", () => {
    const store = liveStore(buildStatus("bob", { version: 10 }));
    store.snapshot({ users: [], occupancy: [] });
    expect(bobOf(store)?.isOnline).toBe(false);
    store.statuses([buildStatus("bob", { version: 10 })]);
    expect(bobOf(store)?.isOnline).toBe(true);
  });
});

describe("a partial snapshot", () => {
  it("replaces the people it names whatever their version, and no others", () => {
    const store = liveStore(buildStatus("bob", { version: 10 }), buildStatus("carol", { version: 10 }));
    store.snapshot({
      users: [buildStatus("bob", { epoch: 0, version: 0, isOnline: false })],
      occupancy: [],
      partial: true,
    });
    expect(bobOf(store)).toMatchObject({ isOnline: false, version: 0 });
    expect(store.getState().users.get("carol")?.isOnline).toBe(true);
  });

  it("does not make a stale picture live", () => {
    const store = createPresenceStore();
    store.snapshot({ users: [], occupancy: [], partial: true });
    expect(store.getState().connection.phase).toBe("connecting");
    expect(store.getState().snapshots).toBe(0);
  });
});

describe("what was read by REST", () => {
  const offline = { isOnline: false, lastSeen: "2026-01-01T11:00:00.000Z" };

  it("fills in people of whom nothing was known, and dates of people whom a snapshot left out", () => {
    const store = liveStore(buildStatus("bob", { version: 10 }));
    store.snapshot({ users: [], occupancy: [] });
    store.fill([buildStatus("bob", { ...offline, version: 11 }), buildStatus("carol", offline)]);
    expect(bobOf(store)?.lastSeen).toBe(offline.lastSeen);
    expect(store.getState().users.get("carol")?.isOnline).toBe(false);
  });

  it("brings no person online while the feed is live", () => {
    const store = liveStore();
    store.fill([buildStatus("bob", { version: 10 })]);
    expect(bobOf(store)).toBeUndefined();
  });

  it("brings people online when the feed is stale", () => {
    const store = liveStore();
    store.connection({ type: "stale", since: "2026-01-01T12:00:00.000Z" });
    store.fill([buildStatus("bob", { version: 10 })]);
    expect(bobOf(store)?.isOnline).toBe(true);
  });

  it("does not undo newer news", () => {
    const store = liveStore(buildStatus("bob", { version: 10 }));
    store.fill([buildStatus("bob", { ...offline, version: 9 })]);
    expect(bobOf(store)?.isOnline).toBe(true);
  });
});
