import { expect, test } from "vitest";
import { planAudience, planRooms, roomsByUser } from "../fleet/world.ts";

test("an audience fills its rooms, and each subject has as many contacts among the watchers as a room holds", () => {
  const world = planAudience({ watchers: 20, roomSize: 9, subjects: 5 });
  expect(world.watchers).toHaveLength(18);
  const rooms = roomsByUser(world);
  for (const subject of world.subjects) {
    const [room = ""] = rooms.get(subject) ?? [];
    expect(world.members.get(room)?.filter((member) => world.watchers.includes(member))).toHaveLength(9);
  }
});

test("in rooms of several sizes every user is in one of each", () => {
  const world = planRooms(100, [10, 50]);
  expect([...world.members.values()].map(({ length }) => length)).toEqual([...Array(10).fill(10), 50, 50]);
  for (const rooms of roomsByUser(world).values()) expect(rooms).toHaveLength(2);
});
