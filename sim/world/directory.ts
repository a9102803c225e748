import type { Random } from "../../chaos/random.ts";
import type { SimProcess } from "../engine/process.ts";
import type { Scheduler } from "../engine/scheduler.ts";
import type { Person } from "./people.ts";

/** Who a person is, as an application's directory tells a gateway. */
type DirectoryEntry = Pick<Person, "directory"> & { isActive: boolean };

/** The application's directory: a service of its own, which takes its time and is in reach without the database. */
export interface AppDirectory {
  /** What a process reads of a person; `undefined`: there is no such person. It never ends in a dead process. */
  of(process: SimProcess): (userId: string) => Promise<DirectoryEntry | undefined>;
}

const ANSWERS_MS: readonly [number, number] = [0.3, 3];

export function createAppDirectory(
  scheduler: Scheduler,
  random: Random,
  find: (userId: string) => Person | undefined,
): AppDirectory {
  const look = (userId: string): DirectoryEntry | undefined => {
    const person = find(userId);
    if (person === undefined || person.account.state === "deleted") return undefined;
    return { directory: person.directory, isActive: person.account.state === "active" };
  };
  return {
    of: (process) => (userId) =>
      new Promise((resolve) => {
        // It is read in the middle; the answer may be old when it arrives.
        scheduler.after(random.between(...ANSWERS_MS), () => {
          const answer = look(userId);
          scheduler.after(random.between(...ANSWERS_MS), () => resolve(answer), process);
        });
      }),
  };
}
