import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { SERVER_EVENTS } from "@meeshy/shared/event-names";
import type { Occupancy } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { openRawClient, type RawClient } from "@meeshy/shared/testing/raw-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RunningGateway, type Servers, settle, startServers, tokenFor } from "../harness.ts";

const MEMBERS = 10_000;
const SOCKETS = 1_000;
const ENTER_AT_ONCE = 100;
const WATCHED_EACH = 3;
const CHANGES = 1_000;
const CHANGES_OVER_MS = 10_000;
const OCCUPANCY_EVERY_MS = 5_000;

const nameOf = (n: number) => `member-${n}`;

/** A member who is there, and what they receive. */
interface Listener {
  client: RawClient;
  watched: string[];
  occupancies: Occupancy[];
  statuses: UserStatus[];
  others: string[];
}

let servers: Servers;
let gateway: RunningGateway;

beforeAll(async () => {
  servers = await startServers();
  const { db } = servers;
  const ids = Array.from({ length: MEMBERS }, (_, n) => nameOf(n));
  await db.user.createMany({ data: ids.map((id) => ({ id, username: id })) });
  await db.conversation.create({ data: { id: "hall" } });
  await db.conversationMember.createMany({
    data: ids.map((userId) => ({ conversationId: "hall", userId })),
  });
  gateway = await servers.gateway();
}, 120_000);
afterAll(() => servers?.stop());

/** Enters as the `n`-th member; every second one takes batches. Those who change come after those who listen. */
function enter(n: number): Listener {
  const watched = Array.from({ length: WATCHED_EACH }, (_, k) => nameOf(SOCKETS + ((n + k) % CHANGES)));
  const listener: Omit<Listener, "client"> = { watched, occupancies: [], statuses: [], others: [] };
  const client = openRawClient({
    url: gateway.url,
    auth: { token: tokenFor(nameOf(n), {}, { expiresIn: 600 }), batch: n % 2 === 0 },
    onEvent(event, payload) {
      if (event === SERVER_EVENTS.PRESENCE_OCCUPANCY) {
        listener.occupancies.push(payload as Occupancy);
      } else if (event === SERVER_EVENTS.USER_STATUS) listener.statuses.push(payload as UserStatus);
      else if (event === SERVER_EVENTS.USER_STATUS_BATCH) {
        listener.statuses.push(...(payload as UserStatus[]));
      } else listener.others.push(event);
    },
  });
  return Object.assign(listener, { client });
}

it(`each of ${SOCKETS} sockets in a room of ${MEMBERS} receives a count every 5 s and those it watches`, async () => {
  const listeners: Listener[] = [];
  while (listeners.length < SOCKETS) {
    const portion = Array.from({ length: ENTER_AT_ONCE }, (_, n) => enter(listeners.length + n));
    listeners.push(...portion);
    await eventually(() => portion.every(({ others }) => others.includes(SERVER_EVENTS.PRESENCE_SNAPSHOT)), {
      what: "a snapshot at every socket",
    });
  }
  await Promise.all(
    listeners.map(({ client, watched }) => client.request("presence:watch", { userIds: watched })),
  );

  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const begin = performance.now();
  for (let n = 0; n < CHANGES; n++) {
    await servers.publishStatus(nameOf(SOCKETS + n), { conversationIds: ["hall"], version: 100 + n });
    await pause(Math.max(0, begin + ((n + 1) * CHANGES_OVER_MS) / CHANGES - performance.now()));
  }
  await eventually(() => listeners.every(({ occupancies }) => occupancies.at(-1)?.online === CHANGES), {
    what: "the last count at every socket",
  });
  delay.disable();
  const took = performance.now() - begin;
  await settle();

  for (const { occupancies, statuses, watched } of listeners) {
    expect(statuses.map(({ userId }) => userId).sort()).toEqual(watched.toSorted());
    for (const counts of occupancies) {
      expect(counts).toMatchObject({ conversationId: "hall", total: MEMBERS });
    }
    expect(occupancies.length).toBeLessThanOrEqual(1 + Math.ceil(took / OCCUPANCY_EVERY_MS));
  }
  console.log(
    `${SOCKETS} sockets, ${CHANGES} changes in ${Math.round(took)} ms: event loop of gateway and clients late by at most ${Math.round(delay.max / 1e6)} ms (p99 ${Math.round(delay.percentile(99) / 1e6)} ms)`,
  );
  for (const { client } of listeners) client.vanish();
}, 180_000);
