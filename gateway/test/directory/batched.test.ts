import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { batched } from "../../src/directory/batched.ts";

function source() {
  const asked: string[][] = [];
  const load = batched(async (keys) => {
    asked.push([...keys]);
    if (keys.includes("bad")) throw new Error("away");
    return new Map(keys.filter((key) => key !== "unknown").map((key) => [key, { key }]));
  });
  return { asked, load };
}

/** A source whose answers are given by hand. */
function slowSource() {
  const asked: string[][] = [];
  const answers: PromiseWithResolvers<Map<string, object>>[] = [];
  const load = batched((keys) => {
    asked.push([...keys]);
    answers.push(Promise.withResolvers());
    return (answers.at(-1) as PromiseWithResolvers<Map<string, object>>).promise;
  });
  return { asked, answers, load };
}

/** From one question to the next at least, ms. */
const PACE_MS = 4;

/** Long enough for what waits for the next turn of the event loop. */
const turn = async () => {
  for (let n = 0; n < 2; n++) await new Promise((resolve) => setImmediate(resolve));
};
const pass = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms);
  await turn();
};

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => vi.useRealTimers());

describe("reads", () => {
  it("of one turn of the event loop are one question, each key once", async () => {
    const { asked, load } = source();
    const answers = await Promise.all([load("a"), load("b"), load("unknown"), load("a")]);
    expect(asked).toEqual([["a", "b", "unknown"]]);
    expect(answers).toEqual([{ key: "a" }, { key: "b" }, undefined, { key: "a" }]);
    await pass(PACE_MS);
    expect(await load("a")).toEqual({ key: "a" });
    expect(asked).toHaveLength(2);
  });

  it("gather while a question is under way, and go on when it is answered, or fails", async () => {
    const { asked, answers, load } = slowSource();
    const first = load("a");
    for (const key of ["b", "c"]) {
      await turn();
      load(key).catch(() => {});
    }
    await turn();
    expect(asked).toEqual([["a"]]);
    answers[0]?.reject(new Error("away"));
    await expect(first).rejects.toThrow("away");
    await pass(PACE_MS);
    expect(asked).toEqual([["a"], ["b", "c"]]);
    void load("d");
    answers[1]?.resolve(new Map());
    await pass(PACE_MS);
    expect(asked.at(-1)).toEqual(["d"]);
  });

  it("begin their questions 4 ms apart, and the first at once", async () => {
    const { asked, load } = source();
    await load("a");
    void load("b");
    await pass(PACE_MS - 1);
    void load("c");
    await turn();
    expect(asked).toEqual([["a"]]);
    await pass(1);
    expect(asked).toEqual([["a"], ["b", "c"]]);
    await pass(PACE_MS);
    void load("d");
    await turn();
    expect(asked.at(-1)).toEqual(["d"]);
  });

  it("do not wait for a question that hangs, nor heed its answer when it comes", async () => {
    const { asked, answers, load } = slowSource();
    void load("a");
    await turn();
    void load("b");
    await pass(99);
    expect(asked).toEqual([["a"]]);
    await pass(1);
    expect(asked).toEqual([["a"], ["b"]]);
    void load("c");
    answers[0]?.resolve(new Map());
    await turn();
    expect(asked).toEqual([["a"], ["b"]]);
    answers[1]?.resolve(new Map());
    await pass(PACE_MS);
    expect(asked.at(-1)).toEqual(["c"]);
  });

  it("fail together, and later ones do not", async () => {
    const { load } = source();
    const failed = [load("bad"), load("a")];
    for (const one of failed) await expect(one).rejects.toThrow("away");
    await pass(PACE_MS);
    expect(await load("a")).toEqual({ key: "a" });
  });
});
