import { expect, it } from "vitest";
import { isSamePerson, personOf } from "../src/person-profile.ts";

const ann = { id: "ann", username: "ann", displayName: "Ann", isAnonymous: false, isActive: true };
const person = personOf(ann, ["a", "b"]);

it("a person's part of a profile is who they are to others, and where they belong", () => {
  expect(person).toEqual({
    username: "ann",
    displayName: "Ann",
    isAnonymous: false,
    conversationIds: ["a", "b"],
  });
  expect(personOf({ username: null, isAnonymous: true }, []).displayName).toBeNull();
});

it.each([
  { username: "anna" },
  { username: null },
  { displayName: "Anna" },
  { displayName: null },
  { isAnonymous: true },
  { conversationIds: ["a"] },
  { conversationIds: ["a", "c"] },
  { conversationIds: ["a,b"] },
  { conversationIds: ["a", "b", "c"] },
])("a person of whom one of these is another is described anew: %o", (change) => {
  expect(isSamePerson(person, { ...person, ...change })).toBe(false);
  expect(isSamePerson({ ...person, ...change }, person)).toBe(false);
});

it("the order of conversations, and what else a profile says, is no other person", () => {
  expect(isSamePerson(person, { ...person, conversationIds: ["b", "a"] })).toBe(true);
  const { displayName: _, ...unnamed } = person;
  expect(isSamePerson({ ...person, displayName: null }, unnamed)).toBe(true);
});
