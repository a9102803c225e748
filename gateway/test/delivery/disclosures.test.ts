import type { DirectoryUser } from "@meeshy/shared/directory";
import { expect, it } from "vitest";
import { createDisclosureLedger } from "../../src/delivery/disclosures.ts";

const bob: DirectoryUser = {
  id: "bob",
  username: "bob",
  displayName: null,
  role: "USER",
  isAnonymous: false,
  isActive: true,
  showOnlineStatus: true,
  showLastSeen: true,
  sessionsRevokedAt: null,
};

it("the most that any viewer was shown of a person counts, until every viewer was corrected", () => {
  const disclosures = createDisclosureLedger();
  expect(disclosures.of("bob")).toMatchObject({ showOnlineStatus: false, showLastSeen: false });
  disclosures.note({ ...bob, showLastSeen: false });
  expect(disclosures.of("bob")).toMatchObject({ showOnlineStatus: true, showLastSeen: false });
  disclosures.note(bob);
  disclosures.note({ ...bob, showLastSeen: false });
  expect(disclosures.of("bob")).toMatchObject({ showOnlineStatus: true, showLastSeen: true });
  disclosures.forget("bob");
  expect(disclosures.of("bob")).toMatchObject({ showOnlineStatus: false, showLastSeen: false });
});
