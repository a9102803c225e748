import { openNats } from "@meeshy/shared/nats/connect";
import { follow } from "@meeshy/shared/nats/follow";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { STREAM_EVENTS, STREAM_STATUS, SUBJECT_STATUS_SET_ALL } from "@meeshy/shared/subjects";
import { startCluster } from "@meeshy/shared/testing/cluster";
import { eventually } from "@meeshy/shared/testing/eventually";
import { expect, it, onTestFinished } from "vitest";
import { allOwned, profileOf, startRig } from "./rig.ts";

const users = Array.from({ length: 60 }, (_, at) => `user${at}`);
const ROUNDS = 30;
/** Rounds after which the leader's process is killed, and started again. */
const KILL_AT = 10;
const RESTART_AT = 20;

it("a cluster that loses the log's leader loses nothing, tells nothing twice and keeps the order", async () => {
  const cluster = await startCluster();
  const first = await openNats({ url: cluster.url }, "first");
  await eventually(() => ensureStreams(first, 3).then(() => true), { within: 30_000, every: 500 });
  await first.close();
  const rig = await startRig({ replicas: 3, workerLeaseMs: 2_000, gatewayLeaseMs: 6_000 }, cluster);
  onTestFinished(() => rig.stop());
  await allOwned(...(await Promise.all([rig.startWorker(), rig.startWorker()])));

  const told = new Map<string, { version: number; statusText: string | null }[]>();
  const following = follow(rig.link, {
    stream: STREAM_STATUS,
    filter: SUBJECT_STATUS_SET_ALL,
    from: 1,
    logger: createLogger("test", "silent"),
    onMessage(message) {
      const status = JSON.parse(new TextDecoder().decode(message.data));
      told.set(status.userId, [...(told.get(status.userId) ?? []), status]);
    },
  });
  onTestFinished(() => following.stop());

  const gateway = rig.gateway();
  await Promise.all(users.map((userId) => gateway.connect(userId, "c1")));
  const leader = (await rig.link.jsm.streams.info(STREAM_EVENTS)).cluster?.leader ?? "";
  expect([...cluster.nodes.keys()]).toContain(leader);
  for (let round = 1; round <= ROUNDS; round++) {
    if (round === KILL_AT) await cluster.nodes.get(leader)?.kill();
    if (round === RESTART_AT) await cluster.nodes.get(leader)?.restart();
    const event = { type: "availability", availability: "busy", expiresAt: null } as const;
    await Promise.all(
      users.map((userId) =>
        gateway.send(userId, { ...event, statusText: `${round}`, profile: profileOf(userId) }),
      ),
    );
  }
  const isLast = (userId: string) => told.get(userId)?.at(-1)?.statusText === `${ROUNDS}`;
  await eventually(() => users.every(isLast), { within: 30_000, what: "everybody's last status" });
  for (const [userId, statuses] of told) {
    const versions = statuses.map(({ version }) => version);
    expect({ userId, versions }).toEqual({ userId, versions: [...new Set(versions)].sort((a, b) => a - b) });
    const rounds = statuses.map(({ statusText }) => Number(statusText));
    expect({ userId, rounds }).toEqual({ userId, rounds: [...rounds].sort((a, b) => a - b) });
  }
}, 120_000);
