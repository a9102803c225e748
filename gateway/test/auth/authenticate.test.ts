import type { PresenceError } from "@meeshy/shared/codes";
import type { DirectoryUser } from "@meeshy/shared/directory";
import { describe, expect, it } from "vitest";
import { type Claim, type Identity, identify, refusalOf } from "../../src/auth/authenticate.ts";
import { createFirstUses } from "../../src/auth/first-uses.ts";

const ANN: DirectoryUser = {
  ...{ id: "ann", username: "ann", displayName: null, role: "USER", isAnonymous: false, isActive: true },
  ...{ showOnlineStatus: true, showLastSeen: true, sessionsRevokedAt: null },
};
/** in the middle of a second */
const REVOKED_AT = 1_700_000_000_500;
const REVOKED = { ...ANN, sessionsRevokedAt: REVOKED_AT };
const byToken = (token: string, issuedAt: number | null): Claim => ({
  ...{ userId: "ann", isAdmin: false, expiresAt: 9e12 },
  by: { token, issuedAt },
});
const bySession: Claim = { userId: "ann", isAdmin: false, expiresAt: null, by: { sessionToken: "s" } };

/** Uses credentials one after the other, each with what the directory says of the person then. */
function use(...uses: [Claim, DirectoryUser | undefined][]): string[] {
  const rules = { firstUses: createFirstUses() };
  return uses.map(([claim, user]) => {
    try {
      identify(claim, user, rules);
      return "accepted";
    } catch (error) {
      return (error as PresenceError).code;
    }
  });
}

describe("credentials", () => {
  it.each<[string, Claim, DirectoryUser | undefined, string]>([
    ["of an active person", byToken("t", 0), ANN, "accepted"],
    ["of an unknown person", byToken("t", 0), undefined, "unauthorized"],
    ["of a disabled account", byToken("t", 0), { ...ANN, isActive: false }, "account_disabled"],
    ["issued before the revocation", byToken("t", 1_699_999_999_000), REVOKED, "token_expired"],
    ["issued after it", byToken("t", 1_700_000_001_000), REVOKED, "accepted"],
    ["that do not say when they were issued", byToken("t", null), REVOKED, "token_expired"],
    ["that are a session", bySession, REVOKED, "session_expired"],
    ["that are a session, with no revocation", bySession, ANN, "accepted"],
  ])("%s: %s", (_, claim, user, outcome) => {
    expect(use([claim, user])).toEqual([outcome]);
  });

  it("issued in the second of the revocation are refused if they were in use before it, else accepted", () => {
    const [stolen, renewed] = [byToken("a.b.old", 1_700_000_000_000), byToken("a.b.new", 1_700_000_000_000)];
    expect(use([stolen, ANN], [stolen, REVOKED], [renewed, REVOKED], [renewed, REVOKED])).toEqual([
      "accepted",
      "token_expired",
      "accepted",
      "accepted",
    ]);
  });

  it("of that second are refused after another revocation", () => {
    const renewed = byToken("a.b.new", 1_700_000_000_000);
    const again = { ...ANN, sessionsRevokedAt: REVOKED_AT + 100 };
    expect(use([renewed, REVOKED], [renewed, again])).toEqual(["accepted", "token_expired"]);
  });
});

describe("an open connection", () => {
  const opened: Identity = { user: ANN, isAdmin: false, expiresAt: null, issuedAt: null, sessionToken: null };
  it.each<[string, Identity, DirectoryUser | undefined, string | undefined]>([
    ["stays while nothing has changed", opened, { ...ANN, username: "ann2" }, undefined],
    ["does not outlive the person", opened, undefined, "unauthorized"],
    ["does not outlive the account", opened, { ...ANN, isActive: false }, "account_disabled"],
    ["does not outlive a revocation", opened, REVOKED, "token_expired"],
    ["that was opened after it stays", { ...opened, user: REVOKED }, REVOKED, undefined],
    ["of a session ends with the session", { ...opened, sessionToken: "s" }, REVOKED, "session_expired"],
  ])("%s", (_, identity, now, code) => {
    expect(refusalOf(identity, now)?.code).toBe(code);
  });
});
