import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLoader, oneByOne } from "../../src/directory/loader.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

/** A source whose answers are given by hand. */
function source() {
  const asked: {
    keys: readonly string[];
    answer: (values: Record<string, object>) => void;
    fail: () => void;
  }[] = [];
  const load = (keys: readonly string[]) =>
    new Promise<Map<string, object>>((resolve, reject) => {
      asked.push({
        keys,
        answer: (values) => resolve(new Map(Object.entries(values))),
        fail: () => reject(new Error("away")),
      });
    });
  return { asked, loader: createLoader({ load, max: 100, ttlMs: 1_000, deadlineMs: 500 }) };
}

describe("a loader", () => {
  it("asks once for a key while the answer is under way, and not at all while it is fresh", async () => {
    const { asked, loader } = source();
    const [first, second] = [loader.get("a"), loader.getMany(["a", "b"])];
    expect(asked.map(({ keys }) => keys)).toEqual([["a"], ["b"]]);
    asked[0]?.answer({ a: { n: 1 } });
    asked[1]?.answer({});
    expect(await first).toEqual({ n: 1 });
    expect(await second).toEqual(new Map([["a", { n: 1 }]]));
    expect(await loader.get("a")).toEqual({ n: 1 });
    expect(asked).toHaveLength(2);
  });

  it("asks again for what is older than the caller wants, or is not there", async () => {
    const { asked, loader } = source();
    const first = loader.getMany(["a", "b"]);
    asked[0]?.answer({ a: { n: 1 } });
    await first;
    vi.advanceTimersByTime(600);
    void loader.get("a");
    expect(asked).toHaveLength(1);
    void loader.get("a", 500);
    void loader.get("b");
    expect(asked.map(({ keys }) => keys)).toEqual([["a", "b"], ["a"], ["b"]]);
  });

  it("serves what it knows when the source fails or hangs, and says so when it knows nothing", async () => {
    const { asked, loader } = source();
    const first = loader.get("a");
    asked[0]?.answer({ a: { n: 1 } });
    await first;
    vi.advanceTimersByTime(5_000);
    const [known, unknown] = [loader.get("a"), loader.get("b")];
    const refused = expect(unknown).rejects.toMatchObject({ code: "unavailable" });
    asked[1]?.fail();
    await vi.advanceTimersByTimeAsync(500);
    expect(await known).toEqual({ n: 1 });
    await refused;
  });

  it("gives at once what it knows, however old, and renews it meanwhile", async () => {
    const { asked, loader } = source();
    expect(loader.peek("a")).toBeUndefined();
    expect(asked).toHaveLength(0);
    const first = loader.get("a");
    asked[0]?.answer({ a: { n: 1 } });
    await first;
    vi.advanceTimersByTime(2_000);
    expect(loader.peek("a")).toEqual({ n: 1 });
    expect(loader.peek("a")).toEqual({ n: 1 });
    expect(asked).toHaveLength(2);
    asked[1]?.answer({ a: { n: 2 } });
    await vi.advanceTimersByTimeAsync(0);
    expect(loader.peek("a")).toEqual({ n: 2 });
  });

  it("does not keep an answer that was asked for before the key was forgotten", async () => {
    const { asked, loader } = source();
    const before = loader.get("a");
    loader.forget("a");
    const after = loader.get("a");
    asked[1]?.answer({ a: { n: 2 } });
    asked[0]?.answer({ a: { n: 1 } });
    await Promise.all([before, after]);
    expect(loader.peek("a")).toEqual({ n: 2 });
  });

  it("takes an answer that was asked for elsewhere, unless it was forgotten meanwhile or failed", async () => {
    const { asked, loader } = source();
    expect(loader.needs("a")).toBe(true);
    loader.expect("a", Promise.resolve({ n: 1 }));
    expect(loader.needs("a")).toBe(false);
    expect(await loader.get("a")).toEqual({ n: 1 });
    expect(asked).toHaveLength(0);

    const late = Promise.withResolvers<object>();
    loader.expect("b", late.promise);
    loader.forget("b");
    expect(loader.needs("b")).toBe(true);
    late.resolve({ n: 1 });
    await vi.advanceTimersByTimeAsync(0);
    expect(loader.peek("b")).toBeUndefined();

    loader.expect("c", Promise.reject(new Error("away")));
    await expect(loader.get("c")).rejects.toThrow("cannot be read");
    expect(loader.needs("c")).toBe(true);
  });
});

it("a loader keeps what was read elsewhere, unless it is being asked for here", async () => {
  const { asked, loader } = source();
  loader.learn("a", { n: 1 });
  expect(loader.needs("a")).toBe(false);
  vi.advanceTimersByTime(1_001);
  expect(loader.needs("a")).toBe(true);
  const asking = loader.get("a");
  loader.learn("a", { n: 2 });
  expect(loader.peek("a")).toEqual({ n: 1 });
  asked[0]?.answer({ a: { n: 3 } });
  expect(await asking).toEqual({ n: 3 });
  expect(loader.peek("a")).toEqual({ n: 3 });
});

it("a source that is asked one by one leaves out whom it does not know", async () => {
  const load = oneByOne(async (key: string) => (key === "b" ? undefined : { key }));
  expect(await load(["a", "b"])).toEqual(new Map([["a", { key: "a" }]]));
});

it("gives nothing old to a caller who asks for what is fresh", async () => {
  const { asked, loader } = source();
  const first = loader.get("a");
  asked[0]?.answer({ a: { n: 1 } });
  await first;
  expect(await loader.getFresh(["a"], 1_000)).toEqual(new Map([["a", { n: 1 }]]));
  vi.advanceTimersByTime(1_001);
  const [fresh, any] = [loader.getFresh(["a"], 1_000), loader.get("a")];
  asked[1]?.fail();
  await expect(fresh).rejects.toMatchObject({ code: "unavailable" });
  expect(await any).toEqual({ n: 1 });
});

it("an answer that is not needed, since the key was asked for already, may fail without any harm to the process", async () => {
  const { asked, loader } = source();
  const unhandled = vi.fn();
  process.on("unhandledRejection", unhandled);
  const asking = loader.get("a");
  loader.expect("a", Promise.reject(new Error("late")));
  asked[0]?.answer({ a: { n: 1 } });
  expect(await asking).toEqual({ n: 1 });
  vi.useRealTimers();
  await new Promise((resolve) => setImmediate(resolve));
  process.off("unhandledRejection", unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
