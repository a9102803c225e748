import { expect, it } from "vitest";
import { createAnswerCache, MAX_AGE_LIMIT_MS } from "../../src/http/answer-cache.ts";

const aged = (seconds: number) => new Headers({ "cache-control": `max-age=${seconds}` });

it("an answer is fresh for its age, at most for the limit", () => {
  const cache = createAnswerCache(10);
  cache.put("/a", 1, aged(1), 100);
  cache.put("/b", 2, aged(3_600), 100);
  expect(cache.get("/a")?.freshUntil).toBe(1_100);
  expect(cache.get("/b")?.freshUntil).toBe(100 + MAX_AGE_LIMIT_MS);
});

it("no more answers are kept than there is room for, the oldest go first", () => {
  const cache = createAnswerCache(2);
  for (const path of ["/a", "/b", "/a", "/c"]) cache.put(path, path, aged(1), 0);
  expect(["/a", "/b", "/c"].map((path) => cache.get(path)?.body)).toEqual(["/a", undefined, "/c"]);
});

it("an answer that may not be used again takes the place of one that might", () => {
  const cache = createAnswerCache(2);
  cache.put("/a", 1, aged(1), 0);
  cache.put("/a", 2, new Headers(), 0);
  expect(cache.get("/a")).toBeUndefined();
});
