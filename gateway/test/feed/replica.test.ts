import type { StatusMessage } from "@meeshy/shared/status";
import { describe, expect, it } from "vitest";
import { createReplica, type Replica } from "../../src/feed/replica.ts";

const status = (over: Partial<StatusMessage>): StatusMessage => ({
  userId: "bob",
  username: "bob",
  displayName: null,
  isAnonymous: false,
  isOnline: true,
  availability: "available",
  statusText: null,
  statusExpiresAt: null,
  lastActiveAt: null,
  lastSeen: null,
  epoch: 1,
  version: 1,
  cause: "connect",
  at: null,
  conversationIds: ["general"],
  directoryVersion: 0,
  ...over,
});

const apply = (replica: Replica, of: StatusMessage, seq: number) =>
  replica.apply(of, seq, JSON.stringify(of));

/** Whether viewers are to receive it. */
const isNews = (replica: Replica, of: StatusMessage, seq: number) =>
  apply(replica, of, seq)?.isChange ?? false;

describe("the replica", () => {
  it("distinguishes news from what is as old or older, epoch first", () => {
    const replica = createReplica();
    expect(isNews(replica, status({ version: 5 }), 1)).toBe(true);
    expect(isNews(replica, status({ version: 5, isOnline: false }), 2)).toBe(false);
    expect(isNews(replica, status({ version: 4 }), 3)).toBe(false);
    expect(isNews(replica, status({ epoch: 0, version: 9 }), 4)).toBe(false);
    expect(replica.shown("bob")).toMatchObject({ isOnline: false, epoch: 1, version: 5 });
    expect(isNews(replica, status({ epoch: 2, version: 1 }), 5)).toBe(true);
    expect(replica.shown("bob")).toMatchObject({ isOnline: true, epoch: 2, version: 1 });
  });

  it("does not call it news when a new epoch repeats the same", () => {
    const replica = createReplica();
    apply(replica, status({ version: 5 }), 1);
    expect(isNews(replica, status({ epoch: 2, version: 1 }), 2)).toBe(false);
    expect(replica.shown("bob")).toMatchObject({ epoch: 2, version: 1 });
    expect(isNews(replica, status({ epoch: 3, version: 1, statusText: "lunch" }), 3)).toBe(true);
  });

  it("takes the later message of one version, without calling it news", () => {
    const replica = createReplica();
    apply(replica, status({ version: 5 }), 1);
    expect(isNews(replica, status({ version: 5, conversationIds: ["project"] }), 2)).toBe(false);
    expect(replica.get("bob")?.conversationIds).toEqual(["project"]);
    apply(replica, status({ version: 5, conversationIds: ["general"] }), 1);
    expect(replica.get("bob")?.conversationIds).toEqual(["project"]);
  });

  it("takes the directory's news of a status of no version, and keeps the status", () => {
    const replica = createReplica();
    apply(replica, status({ version: 5 }), 1);
    const news = { version: 0, epoch: 0, isOnline: false, conversationIds: ["project"], directoryVersion: 9 };
    expect(isNews(replica, status(news), 2)).toBe(false);
    expect(replica.get("bob")).toMatchObject({ isOnline: true, version: 5, conversationIds: ["project"] });
    expect(replica.onlineIn("general")).toEqual(new Set());
    expect(replica.onlineIn("project")).toEqual(new Set(["bob"]));
    apply(replica, status({ ...news, conversationIds: ["general"] }), 3);
    expect(replica.get("bob")?.conversationIds).toEqual(["project"]);
  });

  it("holds who is online in a conversation", () => {
    const replica = createReplica();
    apply(replica, status({ conversationIds: ["general", "project"] }), 1);
    apply(replica, status({ userId: "carol" }), 2);
    expect(replica.onlineIn("general")).toEqual(new Set(["bob", "carol"]));
    apply(replica, status({ version: 2, conversationIds: ["general"] }), 3);
    expect(replica.onlineIn("project")).toEqual(new Set());
    apply(replica, status({ version: 3, isOnline: false }), 4);
    expect(replica.onlineIn("general")).toEqual(new Set(["carol"]));
  });

  it("forgets people who are offline and have left the stream", () => {
    const replica = createReplica();
    apply(replica, status({}), 1);
    apply(replica, status({ userId: "carol", isOnline: false }), 2);
    apply(replica, status({ userId: "dave", isOnline: false }), 3);
    replica.forgetBefore(3);
    expect(["bob", "carol", "dave"].map((id) => replica.get(id)?.userId)).toEqual(["bob", undefined, "dave"]);
  });
});
