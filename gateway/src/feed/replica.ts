import { newsIn, type StatusMessage, withPersonOf } from "@meeshy/shared/status";

/** The last published status of everyone, as this gateway knows it; texts are decoded on use, which keeps them small. */
export interface Replica {
  get(userId: string): StatusMessage | undefined;
  /** What is shown of a user, without decoding the rest. */
  shown(userId: string): ShownStatus | undefined;
  onlineIn(conversationId: string): ReadonlySet<string>;
  /** Those who are offline and have a status text all the same. */
  absentWithTextIn(conversationId: string): ReadonlySet<string>;
  /** Takes a status in, read at stream sequence `seq` from `text`; `undefined`: it says nothing new. */
  apply(status: StatusMessage, seq: number, text: string): StatusUpdate | undefined;
  /** Drops who is offline and has not been published since `seq`: the stream has forgotten them too. */
  forgetBefore(seq: number): void;
  /** The statuses of those who are online by an epoch before this one of their partition. */
  onlineBefore(epochOf: (userId: string) => number): { status: StatusMessage; seq: number }[];
  size(): number;
}

export interface StatusUpdate {
  former: StatusMessage | undefined;
  /** what is known now */
  status: StatusMessage;
  /** Viewers are to receive it: newer by (epoch, version), and not the same published again because the log was lost. */
  isChange: boolean;
}

interface ShownStatus {
  /** stream sequence at which it was read */
  seq: number;
  isOnline: boolean;
  epoch: number;
  version: number;
  directoryVersion: number;
}

interface Entry extends ShownStatus {
  text: string;
  /** offline, with a status text */
  isAbsentWithText: boolean;
}

const EMPTY: ReadonlySet<string> = new Set();

export function createReplica(): Replica {
  const entries = new Map<string, Entry>();
  const online = new Map<string, Set<string>>();
  const absentWithText = new Map<string, Set<string>>();

  const decode = (entry: Entry) => JSON.parse(entry.text) as StatusMessage;

  /** Where a person is listed in each of their conversations; `undefined`: nowhere. */
  const indexOf = ({ isOnline, statusText }: Pick<StatusMessage, "isOnline" | "statusText">) => {
    if (isOnline) return online;
    return statusText === null ? undefined : absentWithText;
  };

  const unindex = (status: StatusMessage) => {
    const index = indexOf(status);
    for (const id of index ? status.conversationIds : []) {
      const listed = index?.get(id);
      listed?.delete(status.userId);
      if (listed?.size === 0) index?.delete(id);
    }
  };

  const index = (status: StatusMessage) => {
    const index = indexOf(status);
    for (const id of index ? status.conversationIds : []) {
      const listed = index?.get(id);
      if (listed) listed.add(status.userId);
      else index?.set(id, new Set([status.userId]));
    }
  };

  return {
    get(userId) {
      const entry = entries.get(userId);
      return entry && decode(entry);
    },
    shown: (userId) => entries.get(userId),
    onlineIn: (conversationId) => online.get(conversationId) ?? EMPTY,
    absentWithTextIn: (conversationId) => absentWithText.get(conversationId) ?? EMPTY,
    apply(given, seq, givenText) {
      const { userId } = given;
      const former = entries.get(userId);
      const news = former ? newsIn(given, former, seq > former.seq) : "change";
      if (news === "nothing") return undefined;
      const before = former && decode(former);
      const status = before && news === "person" ? withPersonOf(before, given) : given;
      if (before) unindex(before);
      const { isOnline, epoch, version, directoryVersion } = status;
      const text = status === given ? givenText : JSON.stringify(status);
      const isAbsentWithText = indexOf(status) === absentWithText;
      entries.set(userId, { text, seq, isOnline, isAbsentWithText, epoch, version, directoryVersion });
      index(status);
      const isRepublished =
        before !== undefined && before.epoch < epoch && hasSamePublicState(status, before);
      return { former: before, status, isChange: news === "change" && !isRepublished };
    },
    forgetBefore(seq) {
      for (const [userId, entry] of entries) {
        if (entry.isOnline || entry.seq >= seq) continue;
        if (entry.isAbsentWithText) unindex(decode(entry));
        entries.delete(userId);
      }
    },
    onlineBefore: (epochOf) =>
      [...entries]
        .filter(([userId, { isOnline, epoch }]) => isOnline && epoch < epochOf(userId))
        .map(([, entry]) => ({ status: decode(entry), seq: entry.seq })),
    size: () => entries.size,
  };
}

const hasSamePublicState = (a: StatusMessage, b: StatusMessage): boolean =>
  a.isOnline === b.isOnline &&
  a.availability === b.availability &&
  a.statusText === b.statusText &&
  a.statusExpiresAt === b.statusExpiresAt &&
  a.lastSeen === b.lastSeen;
