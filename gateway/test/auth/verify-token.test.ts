import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { PresenceError } from "@meeshy/shared/codes";
import { createLogger } from "@meeshy/shared/runtime/logger";
import jwt from "jsonwebtoken";
import { describe, expect, it } from "vitest";
import { createKeySource } from "../../src/auth/key-source.ts";
import { createVerificationKey } from "../../src/auth/verification-key.ts";
import { type TokenRules, verifyToken } from "../../src/auth/verify-token.ts";

const quiet = createLogger("test", "silent");
const SECRET = "the secret of the tests, long enough";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: KeyObject) => key.export({ type: "spki", format: "pem" }).toString();
const other = "another secret of the tests, long enough";

const rules = (key: { secret?: string; publicKey?: string }, over: Partial<TokenRules> = {}): TokenRules => ({
  keyFor: createKeySource(createVerificationKey({ secret: key.secret, publicKey: key.publicKey }), quiet),
  issuer: undefined,
  audience: undefined,
  userClaims: ["userId", "sub"],
  admin: { claim: "role", value: "ADMIN" },
  service: { claim: "role", value: "SERVICE" },
  clockToleranceS: 30,
  brokerTime: () => undefined,
  ...over,
});
const shared = rules({ secret: SECRET });
const byRsa = rules({ publicKey: pem(rsa.publicKey) });
const byEc = rules({ publicKey: pem(ec.publicKey) });
const inAMinute = { expiresIn: 60 } as const;
const sign = (claims: object, options: jwt.SignOptions = inAMinute, secret: jwt.Secret = SECRET) =>
  jwt.sign(claims, secret, options);
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
/** Signed as it stands, also what no library would sign. */
const raw = (head: unknown, claims: unknown, secret: string = SECRET) => {
  const signed = `${part(head)}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
};
const soon = Math.floor(Date.now() / 1_000) + 60;

const codeOf = async (token: string, by: TokenRules): Promise<string> => {
  try {
    await verifyToken(token, by);
  } catch (error) {
    if (error instanceof PresenceError) return error.code;
    throw error;
  }
  return "accepted";
};

describe("a good token", () => {
  it.each<[string, string, TokenRules]>([
    ["HS256 by a secret", sign({ userId: "alice" }), shared],
    [
      "RS256 by an RSA key",
      sign({ userId: "alice" }, { ...inAMinute, algorithm: "RS256" }, rsa.privateKey),
      byRsa,
    ],
    [
      "PS256 by an RSA key",
      sign({ userId: "alice" }, { ...inAMinute, algorithm: "PS256" }, rsa.privateKey),
      byRsa,
    ],
    [
      "ES256 by an EC key",
      sign({ userId: "alice" }, { ...inAMinute, algorithm: "ES256" }, ec.privateKey),
      byEc,
    ],
    ["its subject, for want of userId", sign({ sub: "alice" }), shared],
  ])("is accepted: %s", async (_, token, by) => {
    expect(await verifyToken(token, by)).toMatchObject({ userId: "alice", isAdmin: false });
  });

  it("gives when it expires, in ms", async () => {
    expect((await verifyToken(sign({ userId: "a", exp: soon }, {}), shared)).expiresAt).toBe(soon * 1_000);
  });

  it("names users of other systems as they are, numbers too", async () => {
    for (const userId of ["auth0|5f7", "a.b*c >d@example.org", "é🙂"]) {
      expect((await verifyToken(sign({ userId }), shared)).userId).toBe(userId);
    }
    expect((await verifyToken(sign({ userId: 42 }), shared)).userId).toBe("42");
  });

  it.each<[unknown, boolean]>([
    ["ADMIN", true],
    [["USER", "ADMIN"], true],
    ["admin", false],
    [["USER"], false],
    [undefined, false],
  ])("with the role %o makes an administrator: %o", async (role, isAdmin) => {
    expect((await verifyToken(sign({ userId: "a", role }), shared)).isAdmin).toBe(isAdmin);
  });

  it("is read by the claims that are configured", async () => {
    const own = rules({ secret: SECRET }, { userClaims: ["uid"], admin: { claim: "scope", value: "a=b" } });
    expect(await verifyToken(sign({ uid: "alice", userId: "bob", scope: "a=b" }), own)).toMatchObject({
      userId: "alice",
      isAdmin: true,
    });
  });
});

describe("a bad token", () => {
  const good = sign({ userId: "alice" });
  const [head = "", body = "", signature = ""] = good.split(".");
  const strict = rules({ secret: SECRET }, { issuer: "us", audience: "presence" });
  it.each<[string, string, TokenRules, string]>([
    ["empty", "", shared, "unauthorized"],
    ["no token at all", "hello", shared, "unauthorized"],
    ["three empty parts", "..", shared, "unauthorized"],
    ["a head that is no JSON", `x.${body}.${signature}`, shared, "unauthorized"],
    ["a head that is null", raw(null, { userId: "alice", exp: soon }), shared, "unauthorized"],
    ["a head without alg", raw({}, { userId: "alice", exp: soon }), shared, "unauthorized"],
    ["no signature", `${head}.${body}.`, shared, "unauthorized"],
    ["a changed body", `${head}.${part({ userId: "root", exp: soon })}.${signature}`, shared, "unauthorized"],
    [
      "alg none",
      `${part({ alg: "none", typ: "JWT" })}.${part({ userId: "alice", exp: soon })}.`,
      shared,
      "unauthorized",
    ],
    ["another secret", sign({ userId: "alice" }, inAMinute, other), shared, "unauthorized"],
    [
      "another HMAC than pinned",
      sign({ userId: "alice" }, { ...inAMinute, algorithm: "HS512" }),
      shared,
      "unauthorized",
    ],
    [
      "an HMAC with the public key as secret",
      raw({ alg: "HS256", typ: "JWT" }, { userId: "alice", exp: soon }, pem(rsa.publicKey)),
      byRsa,
      "unauthorized",
    ],
    [
      "RS256 where EC is pinned",
      sign({ userId: "a" }, { ...inAMinute, algorithm: "RS256" }, rsa.privateKey),
      byEc,
      "unauthorized",
    ],
    [
      "RS512 where RS256 is pinned",
      sign({ userId: "a" }, { ...inAMinute, algorithm: "RS512" }, rsa.privateKey),
      byRsa,
      "unauthorized",
    ],
    ["no exp", sign({ userId: "alice" }, {}), shared, "unauthorized"],
    [
      "an exp that is no number",
      raw({ alg: "HS256" }, { userId: "alice", exp: "soon" }),
      shared,
      "unauthorized",
    ],
    ["an exp of zero", raw({ alg: "HS256" }, { userId: "alice", exp: 0 }), shared, "token_expired"],
    [
      "signed as it stands, and good",
      raw({ alg: "HS256" }, { userId: "alice", exp: soon }),
      shared,
      "accepted",
    ],
    ["not valid yet", sign({ userId: "alice" }, { ...inAMinute, notBefore: 60 }), shared, "unauthorized"],
    ["valid in a moment", sign({ userId: "alice" }, { ...inAMinute, notBefore: 20 }), shared, "accepted"],
    [
      "a nbf that is no number",
      raw({ alg: "HS256" }, { userId: "a", exp: soon, nbf: "now" }),
      shared,
      "unauthorized",
    ],
    ["issued in a moment", sign({ userId: "alice", iat: soon - 40 }, { expiresIn: 600 }), shared, "accepted"],
    ["issued in a minute", sign({ userId: "alice", iat: soon }, { expiresIn: 600 }), shared, "unauthorized"],
    [
      "issued in a minute by this host's clock, which is behind",
      sign({ userId: "alice", iat: soon }, { expiresIn: 600 }),
      rules({ secret: SECRET }, { brokerTime: () => Date.now() + 60_000 }),
      "accepted",
    ],
    [
      "issued in a minute, by a broker whose clock is behind",
      sign({ userId: "alice", iat: soon }, { expiresIn: 600 }),
      rules({ secret: SECRET }, { brokerTime: () => 1_000 }),
      "unauthorized",
    ],
    [
      "an iat that is no number",
      raw({ alg: "HS256" }, { userId: "a", exp: soon, iat: {} }),
      shared,
      "unauthorized",
    ],
    ["an exp beyond any date", raw({ alg: "HS256" }, { userId: "a", exp: 1e300 }), shared, "unauthorized"],
    ["an exp of a million years", raw({ alg: "HS256" }, { userId: "a", exp: 3e13 }), shared, "unauthorized"],
    ["expired within the tolerance", sign({ userId: "alice", exp: soon - 65 }, {}), shared, "token_expired"],
    ["the id of an anonymous participant", sign({ sub: "anon_p1" }), shared, "unauthorized"],
    ["that id by the first claim", sign({ userId: "anon_p1", sub: "alice" }), shared, "unauthorized"],
    ["expired", sign({ userId: "alice", exp: soon - 120 }, {}), shared, "token_expired"],
    [
      "expired, by another secret",
      sign({ userId: "alice", exp: soon - 120 }, {}, other),
      shared,
      "unauthorized",
    ],
    ["no user named", sign({ name: "alice" }), shared, "unauthorized"],
    ["an empty id", sign({ userId: "" }), shared, "unauthorized"],
    ["an id that is an object", sign({ userId: { a: 1 } }), shared, "unauthorized"],
    ["an id that is too long", sign({ userId: "a".repeat(201) }), shared, "unauthorized"],
    ["an id with half a character", sign({ userId: "\ud800" }), shared, "unauthorized"],
    ["claims that are a text", jwt.sign("alice", SECRET), shared, "unauthorized"],
    ["a huge one", sign({ userId: "alice", fill: "x".repeat(10_000) }), shared, "unauthorized"],
    ["another issuer", sign({ userId: "a", iss: "them", aud: "presence" }), strict, "unauthorized"],
    ["another audience", sign({ userId: "a", iss: "us", aud: "mail" }), strict, "unauthorized"],
    ["the right issuer and audience", sign({ userId: "a", iss: "us", aud: "presence" }), strict, "accepted"],
  ])("%s", async (_, token, by, code) => {
    expect(await codeOf(token, by)).toBe(code);
  });
});

describe("a key", () => {
  const ed = generateKeyPairSync("ed25519");
  const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" });
  it("in one line, with its line ends written out, is read too", () => {
    const oneLine = pem(rsa.publicKey).replaceAll("\n", "\\n");
    const { key } = createVerificationKey({ secret: undefined, publicKey: oneLine });
    expect(key.equals(createPublicKey(pem(rsa.publicKey)))).toBe(true);
  });

  it.each<[string, { secret?: string; publicKey?: string }, RegExp]>([
    ["Ed25519", { publicKey: pem(ed.publicKey) }, /ed25519 is not supported/],
    ["another curve", { publicKey: pem(p384.publicKey) }, /P-256, not secp384r1/],
    [
      "a private one",
      { publicKey: rsa.privateKey.export({ type: "pkcs8", format: "pem" }).toString() },
      /not a private/,
    ],
    ["no key", { publicKey: "hello" }, /PEM form/],
    ["a PEM as secret", { secret: pem(rsa.publicKey) }, /JWT_PUBLIC_KEY/],
  ])("that cannot be used is refused by name: %s", (_, { secret, publicKey }, message) => {
    expect(() => createVerificationKey({ secret, publicKey })).toThrow(message);
  });
});
