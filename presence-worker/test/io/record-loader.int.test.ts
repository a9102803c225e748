import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { compareAndDelete, toBytes } from "@meeshy/shared/nats/last-value";
import { ensureStreams, keySubject } from "@meeshy/shared/nats/streams";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { BUCKET_STATE, encodeId, PARTITIONS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { beforeEach, describe, expect, it } from "vitest";
import { emptyRecord } from "../../src/core/record.ts";
import { createRecordLoader, type LoadedRecord } from "../../src/io/record-loader.ts";

const logger = createLogger("test", "silent");
let link: NatsLink;
beforeEach(async () => {
  const nats = await startNats();
  link = await openNats({ url: nats.url }, "test");
  await ensureStreams(link, 1);
  return async () => {
    await link.close();
    await nats.stop();
  };
});

const subjectOf = (partition: number, userId: string) =>
  keySubject(BUCKET_STATE, `${partition}.${encodeId(userId)}`);
const recordOf = (userId: string, seq: number) =>
  toBytes({ ...emptyRecord(userId), seq, epoch: 1, statusSeq: 0, unsaved: [] });
/** Writes until stored: an acknowledgement may be late on a busy machine. */
const put = (partition: number, userId: string, seq = 1) =>
  eventually(() => link.acks.publish(subjectOf(partition, userId), recordOf(userId, seq)));

const names = (loaded: readonly LoadedRecord[] | undefined) =>
  loaded?.map(({ record }) => record.userId).sort();

/** Asks for the partitions below `count` at once. */
const loadBelow = (count: number) => {
  const loader = createRecordLoader(link, logger, () => {});
  return Promise.all(Array.from({ length: count }, (_, partition) => loader.load(partition)));
};

describe.each([
  ["one", 1],
  ["a few", 5],
  ["all", PARTITIONS],
])("loading %s of the partitions", (_, count) => {
  it("finds each partition's records, and their sequences", async () => {
    for (let partition = 0; partition < PARTITIONS; partition++) await put(partition, `u${partition}`);
    const carol = await put(0, "carol/=d", 7);
    const loaded = await loadBelow(count);
    expect(loaded.slice(1).map(names)).toEqual(
      Array.from({ length: count - 1 }, (_, index) => [`u${index + 1}`]),
    );
    expect(names(loaded[0])).toEqual(["carol/=d", "u0"]);
    expect(loaded[0]).toContainEqual(
      expect.objectContaining({
        record: { ...emptyRecord("carol/=d"), seq: 7 },
        epoch: 1,
        recordSeq: carol.seq,
      }),
    );
  });

  it("finds nothing where nothing is", async () => {
    expect(await loadBelow(count)).toEqual(Array.from({ length: count }, () => []));
  });

  it("leaves out who was removed, and what is not a record", async () => {
    const { seq } = await put(0, "gone");
    await compareAndDelete(link, subjectOf(0, "gone"), seq);
    await link.acks.publish(subjectOf(0, "broken"), toBytes({ userId: "broken" }));
    await put(0, "there");
    const [first] = await loadBelow(count);
    expect(names(first)).toEqual(["there"]);
  });
});

it("a partition that is asked for while others are loaded is loaded as it is then", async () => {
  const loader = createRecordLoader(link, logger, () => {});
  await put(3, "early");
  const first = loader.load(3);
  expect(names(await first)).toEqual(["early"]);
  await put(3, "late");
  expect(names(await loader.load(3))).toEqual(["early", "late"]);
});

it("misses no user whose record a former owner writes again meanwhile, while other partitions change as well", async () => {
  const others = 4_000;
  for (let n = 0; n < others; n += 500)
    await Promise.all(Array.from({ length: 500 }, (_, i) => put(PARTITIONS - 1, `other${n + i}`)));
  const people = Array.from({ length: 200 }, (_, n) => `person${n}`);
  await Promise.all(people.map((name) => put(0, name)));
  let isLoading = true;
  const writers = [
    async (turn: number) => {
      await put(PARTITIONS - 1, `other${turn % others}`);
    },
    async (turn: number) => {
      await put(0, people[turn % people.length] as string, turn + 2);
    },
  ].map(async (write) => {
    for (let turn = 0; isLoading; turn++) await write(turn);
  });
  const rounds: (string[] | undefined)[] = [];
  while (rounds.length < 10) rounds.push(names((await loadBelow(PARTITIONS))[0]));
  isLoading = false;
  await Promise.all(writers);
  for (const round of rounds) expect(round).toEqual(people.toSorted());
});
