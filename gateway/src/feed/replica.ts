import { compareVersions, type StatusMessage } from "@meeshy/shared/status";

/** The last published status of everyone, as this gateway knows it; texts are decoded on use, which keeps them small. */
export interface Replica {
  get(userId: string): StatusMessage | undefined;
  /** What is shown of a user, without decoding the rest. */
  shown(userId: string): Shown | undefined;
  onlineIn(conversationId: string): ReadonlySet<string>;
  /** Takes a status in, read at stream sequence `seq` from `text`; `undefined`: it says nothing new. */
  apply(status: StatusMessage, seq: number, text: string): Applied | undefined;
  /** Drops who is offline and has not been published since `seq`: the stream has forgotten them too. */
  forgetBefore(seq: number): void;
  size(): number;
}

export interface Applied {
  former: StatusMessage | undefined;
  /** what is known now */
  status: StatusMessage;
  /** Viewers are to be told: newer by (epoch, version), and not the same told anew because the log was lost. */
  isChange: boolean;
}

export interface Shown {
  /** stream sequence at which it was read */
  seq: number;
  isOnline: boolean;
  epoch: number;
  version: number;
  directoryVersion: number;
}

interface Entry extends Shown {
  text: string;
}

const NOBODY: ReadonlySet<string> = new Set();

/** A status of no or an old version that brings later news from the directory. */
const isLaterNews = (status: StatusMessage, seq: number, former: Shown): boolean =>
  seq > former.seq && status.directoryVersion > former.directoryVersion;

function withPersonOf(status: StatusMessage, news: StatusMessage): StatusMessage {
  const { username, isAnonymous, conversationIds, directoryVersion } = news;
  return { ...status, username, isAnonymous, conversationIds, directoryVersion };
}

export function createReplica(): Replica {
  const entries = new Map<string, Entry>();
  const online = new Map<string, Set<string>>();

  const decode = (entry: Entry) => JSON.parse(entry.text) as StatusMessage;

  const unindex = (userId: string, conversationIds: readonly string[]) => {
    for (const id of conversationIds) {
      const present = online.get(id);
      present?.delete(userId);
      if (present?.size === 0) online.delete(id);
    }
  };

  const index = (userId: string, conversationIds: readonly string[]) => {
    for (const id of conversationIds) {
      const present = online.get(id);
      if (present) present.add(userId);
      else online.set(id, new Set([userId]));
    }
  };

  return {
    get(userId) {
      const entry = entries.get(userId);
      return entry && decode(entry);
    },
    shown: (userId) => entries.get(userId),
    onlineIn: (conversationId) => online.get(conversationId) ?? NOBODY,
    apply(given, seq, givenText) {
      const { userId } = given;
      const former = entries.get(userId);
      const order = former ? compareVersions(given, former) : 1;
      if (former && (order < 0 ? !isLaterNews(given, seq, former) : order === 0 && seq <= former.seq))
        return undefined;
      const before = former && decode(former);
      const status = before && order < 0 ? withPersonOf(before, given) : given;
      if (before?.isOnline) unindex(userId, before.conversationIds);
      const { isOnline, epoch, version, directoryVersion } = status;
      const text = status === given ? givenText : JSON.stringify(status);
      entries.set(userId, { text, seq, isOnline, epoch, version, directoryVersion });
      if (isOnline) index(userId, status.conversationIds);
      const isToldAnew = before !== undefined && before.epoch < epoch && hasSameFace(status, before);
      return { former: before, status, isChange: order > 0 && !isToldAnew };
    },
    forgetBefore(seq) {
      for (const [userId, entry] of entries) if (!entry.isOnline && entry.seq < seq) entries.delete(userId);
    },
    size: () => entries.size,
  };
}

const hasSameFace = (a: StatusMessage, b: StatusMessage): boolean =>
  a.isOnline === b.isOnline &&
  a.availability === b.availability &&
  a.statusText === b.statusText &&
  a.lastSeen === b.lastSeen;
