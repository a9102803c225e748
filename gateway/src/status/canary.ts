import { canaryId } from "@meeshy/shared/ids";
import type { Clock } from "@meeshy/shared/ports/clock";
import type { LoggedConnection } from "../connections/connections.ts";
import {
  absentCanary,
  type CanaryState,
  type CanaryStep,
  changeCanary,
  lookAtCanary,
  nextCanaryStep,
} from "../core/canary.ts";
import { toProfile } from "../core/profile.ts";
import type { Outlet } from "../emitter/outlet.ts";
import type { StatusFeed } from "../feed/status-feed.ts";
import type { StatusChange } from "../feed/status-intake.ts";
import type { EventLog } from "../log/event-log.ts";
import type { GatewayMetrics } from "../metrics.ts";

/**
 * Two people of this gateway's own who come and go, one while the other leaves, so that at any time one should be shown
 * online and the other offline (ADR 0027). Each change goes the way of a person's: this gateway's log, the worker, the
 * status stream, this gateway's feed, and the turn in which delivery sends to sockets. Handshake, directory, the window of
 * batches and the write to a socket are not in it.
 */
export interface CanaryPair {
  /** A status has changed: of a canary it is seen once what delivery has to send before is sent. */
  note(change: StatusChange): void;
  /** The gateway has begun a new life in the log: a canary that is there is announced again. */
  announceAgain(): void;
  /** Says goodbye for one that is there. */
  stop(): void;
}

export interface CanaryDeps {
  clock: Clock;
  log: Pick<EventLog, "gatewayId" | "connected" | "announceAgain" | "disconnected" | "activity">;
  feed: Pick<StatusFeed, "shown">;
  outlet: Pick<Outlet, "send">;
  /** why this gateway cannot serve now; the pair begins once it can */
  unready: () => readonly string[];
  metrics: Pick<GatewayMetrics, "canary" | "canaryObserved" | "falseOnline" | "falseOffline">;
}

interface Canary {
  readonly id: string;
  state: CanaryState;
  connection: LoggedConnection | undefined;
}

/** How exactly false time is counted, and how late a status is noticed that came with a whole replica. */
const LOOK_EVERY_MS = 250;

/** `canaryIntervalMs`: each of the two comes or goes so often; 0: there are none. */
export function createCanaryPair(
  deps: CanaryDeps,
  { canaryIntervalMs: everyMs }: { canaryIntervalMs: number },
): CanaryPair {
  const { clock, log, feed, outlet, metrics } = deps;
  if (everyMs === 0) return { note: () => {}, announceAgain: () => {}, stop: () => {} };

  // Its id of now: another life in the log keeps the same two people.
  const gatewayId = log.gatewayId();
  const pair = [1, 2].map(
    (which): Canary => ({ id: canaryId(gatewayId, which), state: absentCanary(0), connection: undefined }),
  );
  let changes = 0;
  /** undefined: the pair has not begun */
  let dueAt: number | undefined;
  let isStopped = false;
  let isLookComing = false;

  const look = (canary: Canary) => {
    if (isStopped) return;
    const isShown = feed.shown(canary.id)?.isOnline ?? false;
    const { state, sight } = lookAtCanary(canary.state, { now: clock.now(), isShown });
    canary.state = state;
    metrics.canaryObserved.inc(sight.observedMs / 1_000);
    (state.isPresent ? metrics.falseOffline : metrics.falseOnline).inc(sight.falseMs / 1_000);
    if (sight.seen) metrics.canary.observe({ change: sight.seen.change }, sight.seen.ms / 1_000);
  };

  const take = (canary: Canary, step: CanaryStep) => {
    const now = clock.now();
    if (step === "connect") {
      canary.connection = connectionOf(canary.id, clock);
      canary.state = changeCanary(canary.state, step, now);
      // What cannot be written is logged there; it shows here as false time.
      log.connected(canary.connection).catch(() => {});
    } else if (step === "leave" && canary.connection) {
      canary.state = changeCanary(canary.state, step, now);
      log.disconnected(canary.connection, "client namespace disconnect");
    } else if (step === "again") writeAgain(canary);
  };

  const writeAgain = ({ id, state, connection }: Canary) => {
    if (connection === undefined) return;
    if (!state.isPresent) {
      log.disconnected(connection, "client namespace disconnect");
      return;
    }
    connection.isReady = connection.logged !== undefined;
    connection.lastActivityAt = clock.now();
    log.announceAgain(connection);
    log.activity(id);
  };

  const change = (now: number) => {
    changes++;
    for (const [at, canary] of pair.entries()) {
      const shouldBePresent = (changes + at) % 2 === 1;
      const isLogged = canary.connection?.logged?.gatewayId === log.gatewayId();
      take(canary, nextCanaryStep(canary.state, { now, shouldBePresent, isLogged }));
    }
  };

  const goOn = () => {
    isLookComing = false;
    if (isStopped || dueAt === undefined) return;
    for (const canary of pair) look(canary);
    const now = clock.now();
    if (now < dueAt) return;
    dueAt = now + everyMs;
    change(now);
  };

  const tick = () => {
    if (dueAt === undefined && deps.unready().length === 0) {
      dueAt = clock.now();
      for (const canary of pair) canary.state = absentCanary(dueAt);
    }
    if (isLookComing) return;
    isLookComing = true;
    outlet.send([gatewayId], goOn);
  };
  const timer = clock.every(LOOK_EVERY_MS, tick);

  return {
    note({ status: { userId } }) {
      const canary = pair.find(({ id }) => id === userId);
      if (canary && dueAt !== undefined) outlet.send([gatewayId], () => look(canary));
    },
    announceAgain() {
      for (const canary of pair) if (canary.state.isPresent) writeAgain(canary);
    },
    stop() {
      isStopped = true;
      timer.cancel();
      for (const { state, connection } of pair)
        if (state.isPresent && connection) log.disconnected(connection, "client namespace disconnect");
    },
  };
}

const connectionOf = (userId: string, clock: Clock): LoggedConnection => ({
  id: clock.id(),
  userId,
  profile: toProfile({
    user: { username: userId, isAnonymous: true },
    conversationIds: [],
    stored: undefined,
  }),
  directoryVersion: 0,
  device: null,
  lastActivityAt: clock.now(),
  arrival: { isResumed: false, saysNew: true, isPassive: false, idleMs: 0 },
  isPassive: false,
  announced: undefined,
  logged: undefined,
  firstLogged: undefined,
  isReady: false,
});
