import { LONGEST_IDLE_MS, type LogEvent } from "@meeshy/shared/events";
import { AVAILABILITIES } from "@meeshy/shared/status";
import fc from "fast-check";
import type { ActorEvent, Rules } from "../../../src/core/actor.ts";
import {
  activity,
  connected,
  deleted,
  directoryNews,
  disconnectAll,
  disconnected,
  gatewayLost,
  logged,
  look,
  profile,
  SECOND,
  setAvailability,
  T0,
  timeout,
} from "./events.ts";

/** Few connections, gateways and moments, so that a short history already meets itself: repeats, late arrivals, ties. */

const THRESHOLD_MS = 300 * SECOND;

export const rules: fc.Arbitrary<Rules> = fc.record({
  offlineThresholdMs: fc.constant(THRESHOLD_MS),
  graceMs: fc.constantFrom(0, 5 * SECOND, 400 * SECOND),
  multiDevice: fc.constantFrom("allow", "replace"),
});

const connectionId = fc.constantFrom("a", "b", "c");
const gatewayId = fc.constantFrom("g1", "g2");
const moment = fc.option(fc.integer({ min: -500, max: 3_000 }).map((seconds) => T0 + seconds * SECOND));

const stored = fc
  .record({
    username: fc.constantFrom("alice", null),
    conversationIds: fc.subarray(["room-1", "room-2"]),
    availability: fc.constantFrom(...AVAILABILITIES),
    statusText: fc.constantFrom(null, "lunch"),
    availabilityExpiresAt: moment,
    lastActiveAt: moment,
    lastSeen: moment,
  })
  .map(profile);

const event: fc.Arbitrary<LogEvent> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc
      .tuple(
        connectionId,
        gatewayId,
        fc.constantFrom(0, 0, SECOND, THRESHOLD_MS - 1, THRESHOLD_MS, 2 * THRESHOLD_MS),
        stored,
        fc.constantFrom(0, 0, 20, 1_000),
        fc.boolean(),
        fc.option(fc.record({ epoch: fc.constantFrom(1, 1, 2), seq: fc.integer({ min: 1, max: 60 }) })),
        fc.constantFrom(
          {},
          {},
          { resumed: true },
          { resumed: false },
          { resumed: true, idleMs: LONGEST_IDLE_MS },
          { passive: true },
        ),
      )
      .map(([id, gateway, idleMs, known, directoryVersion, again, first, how]) =>
        connected(id, gateway, {
          ...{ idleMs, profile: known, directoryVersion, again, ...how },
          ...(first ? { firstLogged: first } : {}),
        }),
      ),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(
        connectionId,
        fc.constantFrom("transport close", "client namespace disconnect", "admin", "server shutting down"),
      )
      .map(([id, reason]) => disconnected(id, reason)),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(gatewayId, fc.constantFrom(undefined, 0, 5 * SECOND - 1, 5 * SECOND))
      .map(([gateway, silentMs]) => ({ ...gatewayLost(gateway), silentMs })),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(undefined, 0, SECOND, THRESHOLD_MS - 1, THRESHOLD_MS, 2 * THRESHOLD_MS),
        fc.option(connectionId, { nil: undefined }),
      )
      .map(([idleMs, over]) => ({ ...activity, idleMs, connectionId: over })),
  },
  { weight: 4, arbitrary: fc.constant(timeout) },
  { weight: 1, arbitrary: stored.map(look) },
  { weight: 2, arbitrary: stored.map(directoryNews) },
  { weight: 1, arbitrary: fc.constant(deleted) },
  { weight: 2, arbitrary: fc.constant(disconnectAll) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.constantFrom(...AVAILABILITIES), fc.constantFrom(null, "lunch", "away"), moment, stored)
      .map(([availability, text, expiresAt, known]) => setAvailability(availability, text, expiresAt, known)),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("session" as const),
      sessionId: fc.constantFrom("desk", "bot"),
      ttlS: fc.constantFrom(0, 30, 30, 600),
      device: fc.constantFrom(null, "phone"),
      keepOnline: fc.boolean(),
      profile: stored,
    }),
  },
  { weight: 1, arbitrary: stored.map((known) => ({ type: "timed-end" as const, profile: known })) },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("claim" as const),
      source: fc.constantFrom("calendar", "phone", "s1", "s2", "s3", "s4", "s5", "s6", "s7"),
      availability: fc.option(fc.constantFrom(...AVAILABILITIES)),
      statusText: fc.constantFrom(null, "call"),
      expiresAt: moment,
      profile: stored,
    }),
  },
);

/** A partition's log: positions grow, epochs never fall, and the clock stumbles. */
export const history: fc.Arbitrary<ActorEvent[]> = fc
  .array(
    fc.record({
      event,
      skipped: fc.constantFrom(1, 1, 7),
      raisesEpoch: fc.constantFrom(...Array<boolean>(19).fill(false), true),
      /** a jump of the broker's clock that has been found out: dates move, partition time does not */
      jump: fc.constantFrom(...Array<number>(12).fill(0), 28_800, -28_800, 600, -90),
      seconds: fc.constantFrom(0, 0, 1, 1, 5, 6, 299, 300, 301, -2, -400, 90_000),
      waitedMs: fc.constantFrom(
        ...Array<undefined>(6).fill(undefined),
        300,
        2_500.7,
        8 * SECOND,
        400 * SECOND,
      ),
    }),
    { maxLength: 40, size: "max" },
  )
  .map((entries) => {
    let seq = 0;
    let epoch = 1;
    let now = T0;
    let offset = 0;
    return entries.map((entry) => {
      seq += entry.skipped;
      epoch += entry.raisesEpoch ? 1 : 0;
      now += entry.seconds * SECOND;
      offset += entry.jump * SECOND;
      const { waitedMs } = entry;
      return {
        ...logged(entry.event, seq, now, epoch, now + offset),
        ...(waitedMs !== undefined && { waitedMs }),
      };
    });
  });
