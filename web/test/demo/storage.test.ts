import { expect, it } from "vitest";
import { keepIn } from "../../demo/storage.ts";

const throws = () => {
  throw new Error("refused");
};

it("keeps in the browser's storage what that takes", () => {
  const held = new Map<string, string>();
  const { getItem, setItem, removeItem } = keepIn(() => ({
    getItem: (key) => held.get(key) ?? null,
    setItem: (key, value) => void held.set(key, value),
    removeItem: (key) => void held.delete(key),
  }));
  setItem("a", "1");
  expect([...held]).toEqual([["a", "1"]]);
  expect(getItem("a")).toBe("1");
  removeItem("a");
  expect([getItem("a"), held.size]).toEqual([null, 0]);
});

it.each([
  ["is blocked", throws],
  ["is full", () => ({ getItem: () => "old", setItem: throws, removeItem: () => {} })],
])("keeps for the life of the page what a storage does not take that %s", (_, storage) => {
  const { getItem, setItem, removeItem } = keepIn(storage);
  const before = getItem("a");
  setItem("a", "1");
  expect(getItem("a")).toBe("1");
  removeItem("a");
  expect(getItem("a")).toBe(before);
});
