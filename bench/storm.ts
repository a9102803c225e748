import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { SERVER_EVENTS } from "@meeshy/shared/event-names";
import type { PresenceSnapshot } from "@meeshy/shared/socket-events";
import type { UserStatus } from "@meeshy/shared/status";
import { eventually } from "@meeshy/shared/testing/eventually";
import { openRawClient, type RawClient } from "@meeshy/shared/testing/raw-client";
import { type RunningStack, startStack } from "@meeshy/shared/testing/stack";
import pg from "pg";
import { insertPopulation } from "../chaos/fleet/insert.ts";

/**
 * A reconnect storm on the real stack: every socket of one of two gateways loses it by a kill -9 and comes back as
 * stock clients do. Shown are how long that takes, whether any viewer saw a user leave, and how long the changes of
 * other people take meanwhile, at viewers on either gateway.
 *
 *     node bench/storm.ts [--sockets 2000]
 */

const ROOM_SIZE = 10;
const OBSERVERS = 20;
const PROBES = 10;
const PROBE_EVERY_MS = 250;
const OPEN_AT_ONCE = 50;
/** Stock clients' reconnectionDelay, reconnectionDelayMax and randomizationFactor. */
const RETRY = { firstMs: 1_000, maxMs: 5_000, randomness: 0.5 };
const STORM_MAX_MS = 60_000;

interface Person {
  id: string;
  client: RawClient | undefined;
  attempts: number;
  /** when the snapshot of this connection came; undefined: none yet */
  servedAt: number | undefined;
  onStatus: (status: UserStatus) => void;
  onSnapshot: (snapshot: PresenceSnapshot) => void;
}

const { values } = parseArgs({ options: { sockets: { type: "string", default: "2000" } } });
const sockets = Number(values.sockets);

const noHooks = { onStatus: () => {}, onSnapshot: () => {} };
const personOf = (id: string, hooks: Pick<Person, "onStatus" | "onSnapshot"> = noHooks): Person => ({
  id,
  client: undefined,
  attempts: 0,
  servedAt: undefined,
  ...hooks,
});

/** Connects a person, again and again after a loss, until `isOver`. */
function keepConnected(person: Person, url: string, token: string, isOver: () => boolean): void {
  const client = openRawClient({
    url,
    auth: { token },
    onEvent(event, payload) {
      if (event === SERVER_EVENTS.USER_STATUS) person.onStatus(payload as UserStatus);
      if (event !== SERVER_EVENTS.PRESENCE_SNAPSHOT) return;
      person.servedAt ??= performance.now(); // a later snapshot renews a view, after an outage
      person.attempts = 0;
      person.onSnapshot(payload as PresenceSnapshot);
    },
    onClose() {
      person.servedAt = undefined;
      if (isOver()) return;
      const delay = Math.min(RETRY.firstMs * 2 ** person.attempts++, RETRY.maxMs);
      const spread = delay * RETRY.randomness * (Math.random() * 2 - 1);
      setTimeout(() => !isOver() && keepConnected(person, url, token, isOver), delay + spread);
    },
  });
  person.client = client;
}

async function openAll(people: readonly Person[], connect: (person: Person) => void): Promise<void> {
  for (let at = 0; at < people.length; at += OPEN_AT_ONCE) {
    const portion = people.slice(at, at + OPEN_AT_ONCE);
    for (const person of portion) connect(person);
    await eventually(() => portion.every(({ servedAt }) => servedAt !== undefined), { within: 30_000 });
  }
}

const at = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
function row(name: string, figures: readonly number[]): Record<string, string | number> {
  const sorted = figures.toSorted((a, b) => a - b);
  const [p50, p99, max] = [at(sorted, 0.5), at(sorted, 0.99), sorted.at(-1) ?? Number.NaN].map(Math.round);
  return { what: name, n: sorted.length, "p50 ms": p50 ?? 0, "p99 ms": p99 ?? 0, "max ms": max ?? 0 };
}

async function metric(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1] ?? Number.NaN);
}

async function storm(stack: RunningStack): Promise<void> {
  const [struck = "", other = ""] = stack.urls;
  let isOver = false;
  const connectTo = (url: string) => (person: Person) =>
    keepConnected(
      person,
      url,
      stack.token({ id: person.id, username: person.id, role: "USER" }),
      () => isOver,
    );

  /** When each probe last left, and how long it took each viewer to receive that. */
  const leftAt = new Map<string, number>();
  const latencies = { struck: [] as number[], other: [] as number[] };
  const noteProbe = (side: keyof typeof latencies) => (status: UserStatus) => {
    const since = leftAt.get(status.userId);
    if (since !== undefined && !status.isOnline) latencies[side].push(performance.now() - since);
  };
  const flaps: string[] = [];

  const masses = Array.from({ length: sockets }, (_, n) =>
    personOf(`mass-${n}`, { ...noHooks, onStatus: noteProbe("struck") }),
  );
  const massIds = new Set(masses.map(({ id }) => id));
  const observers = Array.from({ length: OBSERVERS }, (_, n) =>
    personOf(`observer-${n}`, {
      ...noHooks,
      onStatus(status) {
        if (massIds.has(status.userId) && !status.isOnline) flaps.push(status.userId);
        else noteProbe("other")(status);
      },
    }),
  );
  const probes = Array.from({ length: PROBES }, (_, n) => personOf(`probe-${n}`));

  const members = new Map<string, string[]>();
  for (let n = 0; n < sockets; n += ROOM_SIZE) {
    const observer = observers[(n / ROOM_SIZE) % OBSERVERS] as Person;
    members.set(
      `room-${n}`,
      [...masses.slice(n, n + ROOM_SIZE), observer].map(({ id }) => id),
    );
  }
  for (const [n, { id }] of probes.entries()) {
    const listeners = masses.filter((_, m) => m % PROBES === n).slice(0, 50);
    members.set(`probes-${n}`, [id, ...listeners.map((one) => one.id), ...observers.map((one) => one.id)]);
  }
  const pool = new pg.Pool({ connectionString: stack.read().database.url });
  const users = [...masses, ...observers, ...probes].map(({ id }) => id);
  await insertPopulation(pool, { users, members } as Parameters<typeof insertPopulation>[1]);
  await pool.end();

  console.log(`opening ${sockets} sockets`);
  const opening = performance.now();
  await openAll(observers, connectTo(other));
  await openAll(masses, connectTo(struck));
  console.log(`opened in ${Math.round(performance.now() - opening)} ms`);

  /** Probes come and go on the other gateway, one after the other. */
  const probing = (async () => {
    for (let n = 0; !isOver; n++) {
      const probe = probes[n % PROBES] as Person;
      const token = stack.token({ id: probe.id, username: probe.id, role: "USER" });
      const client = openRawClient({ url: other, auth: { token } });
      await client.connected.catch(() => {});
      await pause(PROBE_EVERY_MS);
      leftAt.set(probe.id, performance.now());
      client.leave();
    }
  })();
  await pause(3_000);
  const quiet = { struck: latencies.struck.splice(0), other: latencies.other.splice(0) };

  const killedAt = performance.now();
  process.kill(stack.read().gateways[0]?.pid ?? -1, "SIGKILL");
  await eventually(() => masses.every(({ servedAt }) => servedAt === undefined));
  const isBack = () => masses.every(({ servedAt }) => servedAt !== undefined);
  await eventually(isBack, { within: STORM_MAX_MS, every: 50, what: "everyone is back" }).catch((error) =>
    console.log(String(error)),
  );
  const during = { struck: latencies.struck.splice(0), other: latencies.other.splice(0) };
  const back = masses.flatMap(({ servedAt }) => (servedAt === undefined ? [] : [servedAt]));
  const first = Math.min(...back);
  // A false offline because of the lost gateway would have been seen by then.
  await pause(Math.max(0, killedAt + 15_000 - performance.now()));
  isOver = true;
  await probing;

  console.table([
    row(
      "back, after the kill",
      back.map((time) => time - killedAt),
    ),
    row(
      "back, after the first",
      back.map((time) => time - first),
    ),
    row("leave seen, same gateway, before", quiet.struck),
    row("leave seen, same gateway, storm", during.struck),
    row("leave seen, other gateway, before", quiet.other),
    row("leave seen, other gateway, storm", during.other),
  ]);
  console.log(`sockets back: ${back.length} of ${sockets}; seen to leave: ${new Set(flaps).size}`);
  console.log(
    `refused by admission control: ${await metric(stack.read().gateways[0]?.opsUrl ?? "", "meeshy_admission_refused_total")}`,
  );
  for (const { client } of [...masses, ...observers]) client?.vanish();
}

const stack = await startStack({ args: ["--gateways", "2", "--no-seed", "--no-web"] });
try {
  await storm(stack);
} finally {
  await stack.stop();
}
