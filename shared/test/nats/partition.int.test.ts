import { encodeId, PARTITIONS, partitionOf } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import { openLink } from "./kit.ts";

test("a user's partition is the one of the server's own subject mapping", async () => {
  const nats = await startNats();
  onTestFinished(() => nats.stop());
  const link = await openLink(nats.url);
  await link.jsm.streams.add({
    name: "HASHED",
    subjects: ["hash.*"],
    republish: { src: "hash.*", dest: `hashed.{{partition(${PARTITIONS},1)}}.{{wildcard(1)}}` },
  });
  const byServer = new Map<string, number>();
  link.nc.subscribe("hashed.*.*", {
    callback: (_, { subject }) => {
      const [, partition, token] = subject.split(".");
      byServer.set(token as string, Number(partition));
    },
  });
  const foreign = fc.sample(fc.string({ minLength: 1, maxLength: 60, unit: "grapheme" }), 250);
  const ids = [...foreign, ...Array.from({ length: 250 }, (_, i) => `user-${i}`)];
  for (const id of ids) link.nc.publish(`hash.${encodeId(id)}`);
  await eventually(() => byServer.size === new Set(ids).size);
  for (const id of ids) expect(partitionOf(id), id).toBe(byServer.get(encodeId(id)));
});
