import type { DirectoryUser } from "@meeshy/shared/directory";
import { expect, it } from "vitest";
import { createTold } from "../../src/people/told.ts";

const bob: DirectoryUser = {
  id: "bob",
  username: "bob",
  displayName: null,
  role: "USER",
  isAnonymous: false,
  isActive: true,
  showOnlineStatus: true,
  showLastSeen: true,
};

it("the most that anybody was told of a person counts, until everybody was put right", () => {
  const told = createTold();
  expect(told.of("bob")).toMatchObject({ showOnlineStatus: false, showLastSeen: false });
  told.note({ ...bob, showLastSeen: false });
  expect(told.of("bob")).toMatchObject({ showOnlineStatus: true, showLastSeen: false });
  told.note(bob);
  told.note({ ...bob, showLastSeen: false });
  expect(told.of("bob")).toMatchObject({ showOnlineStatus: true, showLastSeen: true });
  told.forget("bob");
  expect(told.of("bob")).toMatchObject({ showOnlineStatus: false, showLastSeen: false });
});
