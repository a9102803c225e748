import { describe, expect, it } from "vitest";
import { conversationRoom, ROOM_ADMINS, userRoom, watchRoom } from "../../src/connections/room-names.ts";
import { type AudienceDeps, createAudienceFinder } from "../../src/delivery/audience.ts";

const ALICE = { userId: "alice", conversationIds: ["general", "everyone"] };

/** Each person has one socket, named after them. */
function finder(blocks: Record<string, string[]>, rooms: Record<string, string[]>) {
  return createAudienceFinder({
    rooms: new Map(Object.entries(rooms).map(([room, people]) => [room, new Set(people)])),
    largeRooms: { isLarge: (id: string) => id === "everyone" },
    connections: { ofSocket: (userId: string) => ({ userId, blocked: new Set(blocks[userId]) }) },
    directory: { blocks: { peek: (userId: string) => blocks[userId] && new Set(blocks[userId]) } },
  } as unknown as AudienceDeps);
}

const general = { [conversationRoom("general")]: ["alice", "bob", "carol"], [userRoom("alice")]: ["alice"] };

describe("the receivers of a change", () => {
  it("are not those who have blocked the person, or whom the person has blocked", () => {
    expect(finder({ alice: ["bob"] }, general).receivers(ALICE)).toEqual({ sharers: ["carol"], admins: [] });
  });

  it("are judged by their own blocks while the person's are not known; of whom neither is known receives nothing", () => {
    const audience = finder({ bob: ["alice"], carol: [] }, general);
    expect(audience.receivers(ALICE).sharers).toEqual(["carol"]);
    expect(finder({}, general).receivers(ALICE).sharers).toEqual([]);
  });

  it("are not those who have blocked the person when the person was read before that", () => {
    const audience = finder({ alice: [], bob: ["alice"] }, general);
    expect(audience.receivers(ALICE).sharers).toEqual(["carol"]);
  });

  it("in a large room are those who watch the person, and administrators who do", () => {
    const rooms = {
      [conversationRoom("everyone")]: ["bob", "carol"],
      [watchRoom("alice")]: ["bob", "root", "stranger"],
      [ROOM_ADMINS]: ["root"],
    };
    const audience = finder({ alice: [] }, rooms);
    expect(audience.receivers(ALICE)).toEqual({ sharers: ["bob"], admins: ["root"] });
    expect(audience.hasViewers(ALICE)).toBe(true);
  });

  it("do not exist where the person is seen in large rooms only, and not watched", () => {
    const rooms = { [conversationRoom("everyone")]: ["bob"] };
    expect(finder({ alice: [] }, rooms).hasViewers(ALICE)).toBe(false);
  });
});

it("blocked viewers follow a person too: a correction decides what they read on both sides of it", () => {
  expect(finder({ alice: ["bob"] }, general).followers(ALICE)).toEqual(new Set(["bob", "carol"]));
});
