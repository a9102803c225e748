import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLoader } from "../../src/directory/loader.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A source whose answers are given by hand. */
function source(max = 100) {
  const asked: { key: string; answer: (value?: object) => void; fail: () => void }[] = [];
  const load = (key: string) =>
    new Promise<object | undefined>((resolve, reject) => {
      asked.push({ key, answer: resolve, fail: () => reject(new Error("away")) });
    });
  return { asked, loader: createLoader({ load, max, ttlMs: 1_000 }) };
}

describe("a loader", () => {
  it("asks once for a key while the answer is under way, and not at all while it is fresh", async () => {
    const { asked, loader } = source();
    const [first, second] = [loader.get("a"), loader.getMany(["a", "b"])];
    expect(asked.map(({ key }) => key)).toEqual(["a", "b"]);
    asked[0]?.answer({ n: 1 });
    asked[1]?.answer();
    expect(await first).toEqual({ n: 1 });
    expect(await second).toEqual(new Map([["a", { n: 1 }]]));
    expect(await loader.get("a")).toEqual({ n: 1 });
    expect(asked).toHaveLength(2);
  });

  it("asks again for what is older than the caller wants, or is not there", async () => {
    const { asked, loader } = source();
    const first = loader.getMany(["a", "b"]);
    asked[0]?.answer({ n: 1 });
    asked[1]?.answer();
    await first;
    vi.advanceTimersByTime(600);
    void loader.get("a");
    expect(asked).toHaveLength(2);
    void loader.get("a", 500);
    void loader.get("b");
    expect(asked.map(({ key }) => key)).toEqual(["a", "b", "a", "b"]);
  });

  it("serves what it holds when the source fails, and rejects when it holds nothing", async () => {
    const { asked, loader } = source();
    const first = loader.get("a");
    asked[0]?.answer({ n: 1 });
    await first;
    vi.advanceTimersByTime(5_000);
    const [known, unknown] = [loader.get("a"), loader.get("b")];
    const refused = expect(unknown).rejects.toMatchObject({ code: "unavailable" });
    asked[1]?.fail();
    asked[2]?.fail();
    expect(await known).toEqual({ n: 1 });
    await refused;
    expect(loader.peek("a")).toEqual({ n: 1 });
  });

  it("forgets what the source has no more", async () => {
    const { asked, loader } = source();
    const first = loader.get("a");
    asked[0]?.answer({ n: 1 });
    await first;
    const second = loader.get("a", -1);
    asked[1]?.answer();
    expect(await second).toBeUndefined();
    expect(loader.peek("a")).toBeUndefined();
    const third = loader.get("a");
    asked[2]?.fail();
    await expect(third).rejects.toMatchObject({ code: "unavailable" });
  });

  it("keeps no room for what is absent", async () => {
    const { asked, loader } = source(2);
    loader.prime("a", { n: 1 });
    for (const key of ["b", "c"]) {
      const reading = loader.get(key);
      asked.at(-1)?.answer();
      expect(await reading).toBeUndefined();
    }
    expect(loader.peek("a")).toEqual({ n: 1 });
  });

  it("answers those whom it has no room to keep an answer for", async () => {
    const { asked, loader } = source(1);
    const both = loader.getMany(["a", "b"]);
    for (const { key, answer } of asked) answer({ key });
    expect(await both).toEqual(new Map(["a", "b"].map((key) => [key, { key }])));
    expect([loader.peek("a"), loader.peek("b")]).toEqual([undefined, { key: "b" }]);
  });

  it("gives at once what it holds, however old, and renews it meanwhile", async () => {
    const { asked, loader } = source();
    expect(loader.peek("a")).toBeUndefined();
    expect(asked).toHaveLength(0);
    const first = loader.get("a");
    asked[0]?.answer({ n: 1 });
    await first;
    vi.advanceTimersByTime(2_000);
    expect(loader.peek("a")).toEqual({ n: 1 });
    expect(loader.peek("a")).toEqual({ n: 1 });
    expect(asked).toHaveLength(2);
    asked[1]?.answer({ n: 2 });
    await vi.advanceTimersByTimeAsync(0);
    expect(loader.peek("a")).toEqual({ n: 2 });
  });

  it("does not keep an answer that was asked for before the key was forgotten", async () => {
    const { asked, loader } = source();
    const before = loader.get("a");
    loader.forget("a");
    const after = loader.get("a");
    asked[1]?.answer({ n: 2 });
    asked[0]?.answer({ n: 1 });
    expect(await Promise.all([before, after])).toEqual([{ n: 1 }, { n: 2 }]);
    expect(loader.peek("a")).toEqual({ n: 2 });
    const late = loader.get("b");
    loader.forget("b");
    asked[2]?.answer({ n: 3 });
    expect(await late).toEqual({ n: 3 });
    expect(loader.peek("b")).toBeUndefined();
  });

  it("asks in the caller's way, and those who come meanwhile share the answer", async () => {
    const { asked, loader } = source();
    const elsewhere = Promise.withResolvers<object>();
    const answers = [loader.get("a", 1_000, () => elsewhere.promise), loader.get("a")];
    elsewhere.resolve({ n: 1 });
    expect(await Promise.all(answers)).toEqual([{ n: 1 }, { n: 1 }]);
    expect(await loader.get("a")).toEqual({ n: 1 });
    expect(asked).toEqual([]);
  });

  it("takes what was read elsewhere as fresh", async () => {
    const { asked, loader } = source();
    loader.prime("a", { n: 1 });
    expect(await loader.get("a")).toEqual({ n: 1 });
    vi.advanceTimersByTime(1_001);
    const asking = loader.get("a");
    loader.prime("a", { n: 2 });
    asked[0]?.answer({ n: 3 });
    expect(await asking).toEqual({ n: 3 });
    expect(loader.peek("a")).toEqual({ n: 2 });
  });
});

it("gives nothing old to a caller who asks for what is fresh", async () => {
  const { asked, loader } = source();
  const first = loader.get("a");
  asked[0]?.answer({ n: 1 });
  await first;
  expect(await loader.getFresh(["a"], 1_000)).toEqual(new Map([["a", { n: 1 }]]));
  vi.advanceTimersByTime(1_001);
  const [fresh, any] = [loader.getFresh(["a"], 1_000), loader.get("a")];
  asked[1]?.fail();
  await expect(fresh).rejects.toMatchObject({ code: "unavailable" });
  expect(await any).toEqual({ n: 1 });
});

describe("what is not there", () => {
  const counted = (absentMs?: number) => {
    const asked: string[] = [];
    const load = async (key: string) => {
      asked.push(key);
      return key === "there" ? { key } : undefined;
    };
    const loader = createLoader({
      max: 10,
      ttlMs: 60_000,
      load,
      ...(absentMs === undefined ? {} : { absentMs }),
    });
    return { asked, loader };
  };

  it("is looked up once, as what is there; reads that have to be right ask again", async () => {
    const { asked, loader } = counted();
    for (const _ of [1, 2]) expect((await loader.lookUp(["there", "missing"])).size).toBe(1);
    expect(asked).toEqual(["there", "missing"]);
    expect(await loader.get("missing")).toBeUndefined();
    expect(asked).toEqual(["there", "missing", "missing"]);
  });

  it("is found once it was forgotten, or is there", async () => {
    const { asked, loader } = counted();
    await loader.lookUp(["missing"]);
    loader.forget("missing");
    await loader.lookUp(["missing"]);
    expect(asked).toHaveLength(2);
    loader.prime("missing", { key: "missing" });
    expect((await loader.lookUp(["missing"])).size).toBe(1);
  });

  it("is not asked for again by any read for as long as that is wanted", async () => {
    const { asked, loader } = counted(60_000);
    for (const _ of [1, 2]) expect(await loader.get("missing")).toBeUndefined();
    expect(asked).toEqual(["missing"]);
  });
});
