import type { LoadPair } from "./people.ts";

/** A person as artillery takes one. */
export interface FilePerson {
  token: string;
  conversationId: string;
}

/** As many as are measured at most, and of how many in a conversation two may be set apart. */
const PAIRS = 10;
const ROOM_LEAST = 4;

export const toLines = (people: readonly FilePerson[]): string =>
  people.map(({ token, conversationId }) => `${token},${conversationId}\n`).join("");

/**
 * Reads lines of `token,conversationId`, and sets pairs apart that share a conversation with others.
 * @throws {Error} a line is not of that form
 */
export function readPeople(text: string): { users: FilePerson[]; pairs: LoadPair<FilePerson>[] } {
  const people = text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean)
    .map((line, at): FilePerson => {
      const [token = "", conversationId = "", ...rest] = line.split(",");
      if (token === "" || conversationId === "" || rest.length > 0)
        throw new Error(`--people, line ${at + 1}: must be token,conversationId`);
      return { token, conversationId };
    });
  const rooms = Map.groupBy(people, ({ conversationId }) => conversationId);
  const pairs: LoadPair<FilePerson>[] = [];
  for (const members of rooms.values()) {
    const [comes, sees] = members.slice(-2);
    if (pairs.length < PAIRS && members.length >= ROOM_LEAST && comes && sees) pairs.push({ comes, sees });
  }
  const apart = new Set(pairs.flatMap(({ comes, sees }) => [comes, sees]));
  return { users: people.filter((person) => !apart.has(person)), pairs };
}
