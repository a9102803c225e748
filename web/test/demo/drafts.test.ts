// @vitest-environment happy-dom
import { beforeEach, expect, it } from "vitest";
import { readDraft, writeDraft } from "../../demo/drafts.ts";

beforeEach(() => sessionStorage.clear());

it("keeps a draft for each person and conversation, and nothing of an empty one", () => {
  writeDraft(sessionStorage, "alice", "general", "Hel");
  writeDraft(sessionStorage, "alice", "a.b", "x");
  writeDraft(sessionStorage, "alice.a", "b", "y");
  expect(readDraft(sessionStorage, "alice", "general")).toBe("Hel");
  expect(readDraft(sessionStorage, "alice", "project")).toBe("");
  expect(readDraft(sessionStorage, "bob", "general")).toBe("");
  expect(readDraft(sessionStorage, "alice", "a.b")).toBe("x");
  writeDraft(sessionStorage, "alice", "general", "");
  expect(sessionStorage.length).toBe(2);
});
