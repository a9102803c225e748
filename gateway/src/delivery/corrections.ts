import type { Clock } from "@meeshy/shared/ports/clock";
import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage } from "@meeshy/shared/status";
import { refusalOf } from "../auth/authenticate.ts";
import { closeRefused } from "../connections/close-connection.ts";
import type { Connections } from "../connections/connections.ts";
import { withBlock } from "../directory/bounded-lists.ts";
import type { CachedDirectory, KnownPerson } from "../directory/cached-directory.ts";
import { createWaitingPeople } from "../directory/waiting-people.ts";
import type { AppliedChanges } from "./applied-changes.ts";
import type { Broadcaster } from "./broadcaster.ts";
import type { LargeRooms } from "./large-rooms.ts";
import type { Memberships } from "./memberships.ts";
import type { SentMeanwhile } from "./sent-meanwhile.ts";
import type { Before, Subject, ViewCorrections } from "./view-corrections.ts";

/**
 * Corrects what this gateway's sockets see when the directory says something new of a person (ARCHITECTURE
 * "directoryVersion"): reads the person anew, moves their sockets between rooms, and sends the person to the viewers
 * who read them otherwise now.
 */
export interface Corrections {
  /** The feed has news from the directory in `status`; `former`: the status before, where one was known. */
  begin(status: StatusMessage, former: StatusMessage | undefined): void;
  /** Nothing that waits for the directory is tried again. */
  stop(): void;
}

export interface CorrectionDeps {
  clock: Clock;
  directory: Pick<CachedDirectory, "forgetPerson" | "person"> & {
    users: Pick<CachedDirectory["users"], "peek">;
    blocks: Pick<CachedDirectory["blocks"], "peek" | "prime">;
    members: Pick<CachedDirectory["members"], "forget">;
    memberCounts: Pick<CachedDirectory["memberCounts"], "forget">;
  };
  connections: Pick<Connections, "of">;
  memberships: Pick<Memberships, "take">;
  largeRooms: Pick<LargeRooms, "review">;
  views: ViewCorrections;
  broadcaster: Pick<Broadcaster, "readAnew">;
  sentMeanwhile: Pick<SentMeanwhile, "begin" | "end">;
  applied: Pick<AppliedChanges, "note">;
  logger: Logger;
}

type SubjectRead = Subject & KnownPerson;
type Waiting = Omit<Before, "sentTo">;

export function createCorrections(deps: CorrectionDeps): Corrections {
  const { clock, directory, memberships, largeRooms, views, applied, connections, logger } = deps;
  const { broadcaster, sentMeanwhile } = deps;
  const waiting = createWaitingPeople<Waiting, KnownPerson>({
    ...{ clock, logger },
    read: (userId) => directory.person(userId),
    carryOut: (userId, person, before) =>
      correct({ userId, ...person }, { ...before, sentTo: sentMeanwhile.end(userId) }),
    warning: "viewers not corrected yet: the directory cannot be read",
  });

  /** A membership that ended without an announcement: what is known of the person stays as good as it was. */
  const leaveBehind = (userId: string, { conversationIds }: StatusMessage) => {
    const user = directory.users.peek(userId);
    const blocked = directory.blocks.peek(userId);
    if (user && blocked && !waiting.get(userId))
      views.send(
        { userId, user, blocked },
        { seenIn: new Set(conversationIds), status: undefined, sentTo: () => undefined },
      );
  };

  const forgetMembers = (now: readonly string[], before: readonly string[]) => {
    for (const id of new Set(now).symmetricDifference(new Set(before))) {
      directory.members.forget(id);
      directory.memberCounts.forget(id);
    }
  };

  const correctOwn = ({ userId, user, blocked, conversationIds }: SubjectRead) => {
    for (const connection of connections.of(userId)) {
      const refusal = refusalOf(connection.identity, user);
      if (refusal) closeRefused(connection, refusal);
      else if (user) memberships.take(connection, { user, blocked, conversationIds });
    }
  };

  const correct = (person: SubjectRead, before: Before) => {
    const { userId, blocked } = person;
    correctOwn(person);
    // A block between strangers is not announced: what is known of the others may be older.
    for (const other of blocked) {
      const known = directory.blocks.peek(other);
      if (known?.has(userId) === false) directory.blocks.prime(other, withBlock(known, userId, true));
    }
    views.send(person, before);
    largeRooms.review(userId);
    applied.note(userId);
  };

  return {
    begin(status, former) {
      const { userId } = status;
      const isAnnounced = status.directoryVersion > 0 && status.directoryVersion !== former?.directoryVersion;
      if (!isAnnounced) {
        if (former) leaveBehind(userId, former);
        return;
      }
      directory.forgetPerson(userId);
      broadcaster.readAnew(userId);
      forgetMembers(status.conversationIds, former?.conversationIds ?? []);
      // A later change while the directory is read: viewers may have seen the person as before the first of them.
      const earlier = waiting.get(userId);
      const seenIn = new Set(former?.conversationIds ?? status.conversationIds);
      const before = earlier ? earlier.status : former;
      const union = earlier ? earlier.seenIn.union(seenIn) : seenIn;
      sentMeanwhile.begin(userId);
      waiting.put(userId, { seenIn: union, status: before }, { isNews: true });
    },
    stop: waiting.stop,
  };
}
