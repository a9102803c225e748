import { expect, it } from "vitest";
import { emptyRecord } from "../../src/core/record.ts";
import { CatchUp } from "../../src/host/catch-up.ts";

it("publishes what no former owner has, and names all that has changed", () => {
  const records = new Map(["alice", "bob", "carol"].map((id) => [id, emptyRecord(id)]));
  const catchUp = new CatchUp();
  catchUp.notePublished(emptyRecord("bob"));
  for (const id of ["alice", "bob", "dave"]) catchUp.touch(id);
  const { changed, unpublished } = catchUp.finish((id) => records.get(id));
  expect(changed.map(({ userId }) => userId)).toEqual(["alice", "bob"]);
  expect(unpublished.map(({ userId }) => userId)).toEqual(["alice"]);
});
