import type { Logger } from "@meeshy/shared/runtime/logger";
import type { StatusMessage } from "@meeshy/shared/status";
import type { GatewayMetrics } from "../metrics.ts";
import { endOfLeftover, NONE_RECONCILED, type Reconciled, reconciledFor } from "./leftovers.ts";
import { readStatusMessage } from "./read-status.ts";
import { createReplica, type Replica, type StatusUpdate } from "./replica.ts";

/** Takes messages of the status stream into the replica, and passes on what is new in them. */
export interface StatusIntake
  extends Pick<Replica, "get" | "shown" | "onlineIn" | "absentWithTextIn" | "forgetBefore"> {
  take(seq: number, message: RawStatus): void;
  /** Shows offline who is online by an earlier epoch alone; the view held all that was stored when `reconciled` was read. */
  endLeftovers(reconciled: Reconciled): void;
  /** Begins a new replica beside the present one, for what is stored from now on; `reconciled`: what is by now. */
  startOver(reconciled: Reconciled): ReplicaUnderConstruction;
  onChange(listener: ChangeListener): void;
  onDirectoryNews(listener: NewsListener): void;
}

interface ReplicaUnderConstruction {
  take(seq: number, message: RawStatus): void;
  size(): number;
  /** Puts it in the place of the present one. Its statuses are not passed on: viewers get snapshots of them. */
  adopt(): void;
}

export interface RawStatus {
  subject: string;
  data: Uint8Array;
  /** the context of its sender, if it gave one */
  traceparent?: string | undefined;
}

/** A status that is newer than what was known, with the trace that it belongs to. */
export interface StatusChange {
  status: StatusMessage;
  meta: { traceparent: string | undefined };
}

type ChangeListener = (change: StatusChange) => void;
type NewsListener = (status: StatusMessage, former: StatusMessage | undefined) => void;

export interface IntakeDeps {
  /** Calls back with every message, readable or not. */
  note: (seq: number, subject: string, data: Uint8Array) => void;
  /** Whether the log can have caused a status of this position. */
  isPossible: (position: Pick<StatusMessage, "epoch" | "version">) => boolean;
  metrics: GatewayMetrics;
  logger: Logger;
}

export function createStatusIntake({ note, isPossible, metrics, logger }: IntakeDeps): StatusIntake {
  const changeListeners: ChangeListener[] = [];
  const newsListeners: NewsListener[] = [];
  let replica = createReplica();
  /** of which leftovers the replica was cleared last */
  let cleared = NONE_RECONCILED;

  const apply = (into: Replica, seq: number, { subject, data }: RawStatus): StatusUpdate | undefined => {
    note(seq, subject, data);
    try {
      const { status, text } = readStatusMessage(subject, data);
      if (!isPossible(status)) throw new Error("the version lies beyond the end of the log");
      return into.apply(status, seq, text);
    } catch (error) {
      metrics.rejectedStatuses.inc();
      logger.error({ seq, subject, err: error }, "status message set aside");
      return undefined;
    }
  };

  const endLeftoversOf = (within: Replica, reconciled: Reconciled): (StatusUpdate & { seq: number })[] => {
    const epochOf = (userId: string) => reconciledFor(userId, reconciled);
    const leftovers = within.onlineBefore(epochOf);
    if (leftovers.length > 0)
      logger.warn({ people: leftovers.length }, "online by an earlier epoch alone: they are shown offline");
    return leftovers.flatMap(({ status, seq }) => {
      const end = endOfLeftover(status, epochOf(status.userId));
      const update = within.apply(end, seq, JSON.stringify(end));
      return update ? [{ ...update, seq }] : [];
    });
  };

  /** A listener that fails keeps nothing from the others. */
  const pass = (seq: number, call: () => void) => {
    try {
      call();
    } catch (error) {
      logger.error({ seq, err: error }, "status not passed on");
    }
  };

  return {
    get: (userId) => replica.get(userId),
    shown: (userId) => replica.shown(userId),
    onlineIn: (conversationId) => replica.onlineIn(conversationId),
    absentWithTextIn: (conversationId) => replica.absentWithTextIn(conversationId),
    forgetBefore: (seq) => replica.forgetBefore(seq),
    onChange: (listener) => void changeListeners.push(listener),
    onDirectoryNews: (listener) => void newsListeners.push(listener),
    take(seq, message) {
      const update = apply(replica, seq, message);
      if (!update) return;
      const { status, former, isChange } = update;
      if (isDirectoryNews(status, former))
        for (const listener of newsListeners) pass(seq, () => listener(status, former));
      if (!isChange) return;
      const change = { status, meta: { traceparent: message.traceparent } };
      for (const listener of changeListeners) pass(seq, () => listener(change));
    },
    endLeftovers(reconciled) {
      if (reconciled.every((epoch, partition) => epoch === cleared[partition])) return;
      cleared = reconciled;
      for (const { status, seq } of endLeftoversOf(replica, reconciled)) {
        const change = { status, meta: { traceparent: undefined } };
        for (const listener of changeListeners) pass(seq, () => listener(change));
      }
    },
    startOver(reconciled) {
      const fresh = createReplica();
      return {
        take: (seq, message) => void apply(fresh, seq, message),
        size: fresh.size,
        adopt() {
          endLeftoversOf(fresh, reconciled);
          replica = fresh;
          cleared = reconciled;
        },
      };
    },
  };
}

/** A record that starts anew holds no changes: 0 says nothing. */
function isDirectoryNews(now: StatusMessage, former: StatusMessage | undefined): boolean {
  if (now.directoryVersion > 0 && now.directoryVersion !== former?.directoryVersion) return true;
  return former !== undefined && String(now.conversationIds) !== String(former.conversationIds);
}
