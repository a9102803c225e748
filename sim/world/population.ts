import { AVAILABILITIES } from "@meeshy/shared/status";
import type { World } from "./world.ts";

/** Who lives in a world: colleagues in a few conversations, some of them with names and ids as hostile as ids may be. */
export function populate({ people, tables, profile, random }: World): void {
  for (let index = 0; index < profile.people; index++) {
    const isHostile = random.next() < 0.1;
    const userId = isHostile ? `u ${index}.*>=é\u0000`.slice(0, 12) : `u${index}`;
    const isInvisible = random.next() < 0.12;
    const availability = isInvisible
      ? "invisible"
      : random.pick(AVAILABILITIES.filter((one) => one !== "invisible"));
    const conversationIds = random.shuffled(["general", "team", "friends"]).slice(0, 2);
    if (isHostile) conversationIds.push("c".repeat(200), "\ud800");
    tables.addPerson(userId, { availability });
    people.add({
      userId,
      directory: { username: `name ${index}`, isAnonymous: false, conversationIds },
      device: random.pick([null, "phone", "d".repeat(100)]),
      availability,
      devices: random.next() < 0.3 ? 2 : 1,
      isAlwaysHere: index === 0,
    });
  }
}
