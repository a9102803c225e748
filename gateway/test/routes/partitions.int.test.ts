import { toBytes } from "@meeshy/shared/nats/last-value";
import { keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, leaseKeys, PARTITIONS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, signIn, startServers, tokenFor } from "../harness.ts";
import { type RunningWorker, startWorker } from "../worker.ts";

let servers: Servers;
let worker: RunningWorker;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  worker = await startWorker(servers);
  gateway = await servers.gateway();
});
afterAll(async () => {
  await worker?.stop();
  await servers?.stop();
});

interface Answer {
  partitions: { partition: number; owner: string | null; [field: string]: unknown }[];
  workers: { workerId: string; isSilent: boolean; [field: string]: unknown }[];
  gateways: { gatewayId: string; isSilent: boolean; [field: string]: unknown }[];
  sweepers: { sweeperId: string; isSilent: boolean; [field: string]: unknown }[];
}

const read = async (): Promise<Answer> => {
  const headers = { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` };
  const { status, body } = await call(gateway.url, "/api/admin/partitions", { headers });
  expect(status).toBe(200);
  return body as unknown as Answer;
};
const write = (key: string, value: object) =>
  servers.link.acks.publish(keySubject(BUCKET_LEASES, key), toBytes(value));
const iso = expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/);

it("each partition has its owner and how far it is, each process its signs of life", async () => {
  const alice = await signIn(gateway.url, "alice");
  const answer = await eventually(async () => {
    const now = await read();
    expect(now.partitions.some(({ position }) => Number(position) > 0)).toBe(true);
    expect(now.workers[0]).toMatchObject({ usersOnline: 1 });
    expect(now.gateways.some(({ connections }) => connections === 1)).toBe(true);
    return now;
  });
  const [owner] = answer.workers;
  expect(owner).toEqual({
    ...{ workerId: expect.any(String), partitions: PARTITIONS, usersOnline: 1 },
    ...{ lastBeatAt: iso, isSilent: false },
  });
  expect(answer.partitions.map(({ partition }) => partition)).toEqual(
    Array.from({ length: PARTITIONS }, (_, n) => n),
  );
  for (const partition of answer.partitions)
    expect(partition).toMatchObject({ owner: owner?.workerId, isServed: true, epoch: 1, checkpointAt: iso });
  const moved = answer.partitions.find(({ position }) => Number(position) > 0);
  expect(moved?.lagMs).toBeGreaterThanOrEqual(0);
  expect(moved?.lagMs).toBeLessThan(60_000);
  expect(answer.gateways).toContainEqual({
    ...{ gatewayId: expect.any(String), connections: 1, users: 1, lastBeatAt: iso, isSilent: false },
  });
  alice.close();
});

it("a process that says nothing any more is silent, one that was declared lost too, what cannot be read is left out", async () => {
  const beat = { beat: 1, leaseMs: 500, connections: 7, users: 3 };
  await write(leaseKeys.gateway("gone"), beat);
  await write(leaseKeys.gateway("lost"), { ...beat, leaseMs: 60_000, lost: true });
  await write(leaseKeys.gateway("odd"), { nonsense: true });
  const cleaned = { lastCleanupAt: null, lastCleanupDurationMs: null };
  await write(leaseKeys.sweeper("s1"), { beat: 1, state: "paused", reason: "waits", ...cleaned });
  const answer = await eventually(async () => {
    const now = await read();
    expect(now.gateways).toContainEqual(expect.objectContaining({ gatewayId: "gone", isSilent: true }));
    return now;
  });
  expect(answer.gateways).toContainEqual(expect.objectContaining({ gatewayId: "lost", isSilent: true }));
  expect(answer.gateways.map(({ gatewayId }) => gatewayId)).not.toContain("odd");
  expect(answer.sweepers).toContainEqual(
    expect.objectContaining({ sweeperId: "s1", state: "paused", reason: "waits" }),
  );
});

it("no answer calls a process silent because NATS stands still: it is unavailable then, as are the figures", async () => {
  const headers = { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` };
  const wrong: unknown[] = [];
  /** partitions that the worker itself has said it does not process, as when it has to read on after the break */
  const said = new Set<number>();
  servers.link.nc.subscribe(keySubject(BUCKET_LEASES, leaseKeys.worker("*")), {
    callback: (_error, message) => {
      for (const partition of message.json<{ unserved?: number[] }>().unserved ?? []) said.add(partition);
    },
  });
  const look = async () => {
    const partitions = await call(gateway.url, "/api/admin/partitions", { headers });
    const stats = await call(gateway.url, "/api/admin/maintenance/stats", { headers });
    const answer = partitions.body as unknown as Answer;
    const unserved = (answer.partitions ?? []).filter(
      ({ partition, isServed }) => !isServed && !said.has(partition),
    );
    if (unserved.length > 0) wrong.push({ unserved: unserved.length });
    wrong.push(...(answer.workers ?? []).filter(({ isSilent }) => isSilent));
    if (stats.status === 200 && stats.body.workers !== 1) wrong.push(stats.body);
    return [partitions.status, stats.status];
  };
  await eventually(async () => expect(await look()).toEqual([200, 200]));
  await servers.nats.kill("SIGSTOP");
  try {
    await eventually(async () => expect(await look()).toEqual([503, 503]));
  } finally {
    await servers.nats.kill("SIGCONT");
  }
  await eventually(async () => expect(await look()).toEqual([200, 200]));
  // Back again, each process has the time of its lease to be heard.
  for (let looks = 0; looks < 10; looks++) await look();
  expect(wrong).toEqual([]);
});

it("a partition without a working owner is not served", async () => {
  await worker.stop();
  await write(leaseKeys.partition(5), { owner: "dead", memory: null, storedUpTo: 0 });
  const { partitions } = await eventually(async () => {
    const now = await read();
    expect(now.partitions.filter(({ isServed }) => isServed)).toEqual([]);
    expect(now.partitions[5]).toMatchObject({ owner: "dead" });
    return now;
  });
  expect(partitions[5]).toEqual({
    ...{ partition: 5, owner: "dead", epoch: 0, position: 0, lagMs: null },
    ...{ isServed: false, checkpointAt: null },
  });
  expect(partitions[6]).toMatchObject({ owner: null, epoch: 1, checkpointAt: iso });
});
