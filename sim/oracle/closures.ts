import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_STATE, recordKey, STREAM_STATUS, statusSetSubject } from "@meeshy/shared/subjects";
import type { Person } from "../world/people.ts";
import type { World } from "../world/world.ts";
import type { CaseBook } from "./case-book.ts";

const decoder = new TextDecoder();

/** A gateway closed a socket as if by order; none was given lately, and nothing that was stored is lost. */
export function judgeClosings(world: World, cases: CaseBook): void {
  const { scheduler, profile } = world;
  world.onClosed((person, session, reason) => {
    if (reason !== "admin" && reason !== "replaced") return;
    // An order that was tried may be carried out later; one that was carried out holds for what it closed.
    const isOrdered = scheduler.now() - person.orderedAt <= 2 * profile.settleMs;
    if (isOrdered || session.closeOrderedAt !== null || person.account.state !== "active") return;
    if (cases.isExcused(({ loss }) => loss === true)) return;
    const text = `${session.gateway.name} closes a socket of ${session.openedAt} (${reason}) that no one has ordered to be closed`;
    cases.report("closed unasked", person.userId, text);
  });
}

/** Of a deleted person nothing comes back: no name, no row, no line of history. */
export async function judgeDeleted(world: World, cases: CaseBook, person: Person): Promise<void> {
  const { userId, account } = person;
  const { acknowledgedAt } = account;
  const { scheduler, profile, broker, tables } = world;
  if (account.state !== "deleted" || acknowledgedAt === null) return;
  if (scheduler.now() - acknowledgedAt <= profile.shownWithinMs || cases.isForgotten(acknowledgedAt)) return;
  const stored = [
    { stream: STREAM_STATUS, subject: statusSetSubject(userId), pick: (value: Stored) => value },
    {
      stream: bucketStream(BUCKET_STATE),
      subject: keySubject(BUCKET_STATE, recordKey(userId)),
      pick: (value: Stored) => value.person,
    },
  ];
  const named = stored.flatMap(({ stream, subject, pick }) => {
    const last = broker.streams().get(stream)?.lastOf(subject);
    const value = last && !last.deleted ? pick(JSON.parse(decoder.decode(last.data)) as Stored) : undefined;
    const isNamed = value && (value.username !== null || value.conversationIds?.length !== 0);
    return isNamed ? [`${subject} names them`] : [];
  });
  const { hasRow, lines } = await tables.find(userId);
  if (person.account !== account) return;
  if (hasRow) named.push("they have a row");
  if (lines > 0) named.push(`they have ${lines} lines of history`);
  cases.reportLasting(
    {
      ...{ rule: "deleted came back", about: userId, key: `deleted ${userId} ${acknowledgedAt}` },
      ...{ ms: profile.shownWithinMs, text: () => named.join(", ") },
    },
    named.length > 0,
  );
}

interface Stored {
  username?: string | null;
  conversationIds?: string[];
  person?: { username: string | null; conversationIds: string[] } | null;
}
