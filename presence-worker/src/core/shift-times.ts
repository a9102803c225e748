import type { UserRecord } from "./record.ts";

/** The record with everything that is partition time moved by as much, ms; dates stay. */
export function shiftTimes(record: UserRecord, by: number): UserRecord {
  const { now, deadline, sessions, activeAt, returning, closedUpTo } = record;
  return {
    ...record,
    now: now + by,
    deadline: deadline === null ? null : deadline + by,
    ...(sessions && { sessions: sessions.map((session) => ({ ...session, until: session.until + by })) }),
    ...(activeAt !== undefined && { activeAt: activeAt + by }),
    ...(returning && { returning: { ...returning, until: returning.until + by } }),
    ...(closedUpTo && { closedUpTo: { ...closedUpTo, until: closedUpTo.until + by } }),
  };
}
