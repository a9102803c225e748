import type { ConsoleApi, PeopleQuestion } from "./api.ts";
import type { PeoplePage } from "./wire.ts";

/** Fewer rows than this are not worth a page while there are more. */
const LEAST = 20;
/** Pages of the route that are read for one page of the console: rare states are found far apart. */
const READS_MAX = 10;

/** One page of people that is worth to be shown: the route may give few or none, and yet go on. */
export async function gatherPage(
  people: ConsoleApi["people"],
  question: PeopleQuestion,
): Promise<PeoplePage> {
  let page = await people(question);
  for (let reads = 1; reads < READS_MAX && page.nextCursor !== null && page.users.length < LEAST; reads++) {
    const more = await people({ ...question, cursor: page.nextCursor });
    page = { ...page, ...more, users: [...page.users, ...more.users] };
  }
  return page;
}
