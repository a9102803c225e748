import type { Availability } from "../status.ts";

/** Most people of one page. */
export const PEOPLE_PAGE_MAX = 100;
/** Most rows that one page looks at to find whom a text, or an absence, leaves. */
export const PEOPLE_LOOKED_AT_MAX = 2_000;

/** A person with the stored part of their presence. Times in ms since 1970. */
export interface ListedPerson {
  userId: string;
  username: string;
  displayName: string | null;
  isAnonymous: boolean;
  isActive: boolean;
  showOnlineStatus: boolean;
  /** as others were last shown */
  isOnline: boolean;
  lastActiveAt: number | null;
  /** the person's own strongest choice */
  availability: Availability;
  statusText: string | null;
  availabilityExpiresAt: number | null;
}

export interface PeopleQuery {
  /** the id behind which the page begins; "": at the beginning */
  after: string;
  /** brought into 1 to {@link PEOPLE_PAGE_MAX} */
  limit: number;
  /** `present`: who is stored as online or as invisible; `absent`: who is not stored as online */
  among: "everyone" | "present" | "absent";
  /** a part of the name or of the name to display, whatever its case; "": any */
  text: string;
}

export interface PeoplePage {
  people: ListedPerson[];
  /** the id behind which the next page begins; null: this was the last one */
  next: string | null;
}

/** People for operators, registered and anonymous ones, in the order of their ids. */
export interface PeopleList {
  /**
   * One page. It holds fewer than `limit` people, none even, where {@link PEOPLE_LOOKED_AT_MAX} rows were looked at
   * before: `next` goes on.
   */
  page(query: PeopleQuery): Promise<PeoplePage>;
}
