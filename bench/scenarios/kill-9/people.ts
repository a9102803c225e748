import { eventually } from "@meeshy/shared/testing/eventually";
import { type BenchClient, openClient, openEach } from "../../fleet/clients.ts";
import type { System } from "../../systems/system.ts";

/** Somebody with one socket. */
export interface Person {
  userId: string;
  /** whether the connection is authenticated */
  isIn(): boolean;
  /** Says goodbye, and stays away. */
  leave(): void;
}

const BACK_WITHIN_MS = 500;
const ARRIVE_WITHIN_MS = 30_000;

/** Connects each to one front. Who loses the connection and `returns` is back at the next front within half a second. */
export async function arrive(
  system: System,
  userIds: readonly string[],
  front: number,
  { returns }: { returns: boolean },
): Promise<Person[]> {
  const people = new Map<string, Person>();
  await openEach(userIds, async (userId) => {
    const person = openPerson(system, userId, front, returns);
    people.set(userId, person);
    await eventually(person.isIn, { within: ARRIVE_WITHIN_MS, what: `${system.kind}: ${userId} is in` });
  });
  return [...people.values()];
}

function openPerson(system: System, userId: string, home: number, returns: boolean): Person {
  let front = home;
  let isIn = false;
  let isAway = false;
  let client: BenchClient;
  const open = () => {
    if (isAway) return;
    client = openClient(system, userId, front, {
      onEvent(event) {
        if (event === "authenticated") isIn = true;
      },
      onClose() {
        isIn = false;
        front++;
        if (returns) setTimeout(open, Math.random() * BACK_WITHIN_MS);
      },
    });
  };
  open();
  return {
    userId,
    isIn: () => isIn,
    leave() {
      isAway = true;
      client.raw.leave();
    },
  };
}
