import { generateKeyPairSync, type KeyObject, randomUUID } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { PresenceError } from "@meeshy/shared/codes";
import { createLogger } from "@meeshy/shared/runtime/logger";
import { eventually } from "@meeshy/shared/testing/eventually";
import jwt from "jsonwebtoken";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createKeySet, type KeySet } from "../../src/auth/key-set.ts";
import { createKeySource } from "../../src/auth/key-source.ts";
import { verifyToken } from "../../src/auth/verify-token.ts";

/** An identity provider that can be asked, counts that, and can fall ill. */
const logger = createLogger("test", "silent");
const pair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });
const jwk = (key: KeyObject, kid?: string) => ({ ...key.export({ format: "jwk" }), use: "sig", kid });
const [first, second] = [pair(), pair()];
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ed = generateKeyPairSync("ed25519");

let server: Server;
let url: string;
let answer: { status: number; keys: unknown } | "silence";
let asked = 0;
beforeAll(async () => {
  server = createServer((_request, response) => {
    asked++;
    if (answer === "silence") return;
    response.writeHead(answer.status).end(JSON.stringify({ keys: answer.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
afterEach(() => {
  asked = 0;
});

const publish = (...keys: unknown[]) => {
  answer = { status: 200, keys };
};
const patient = { refreshMs: 600_000, cooldownMs: 600_000, timeoutMs: 500 };
const eager = { ...patient, cooldownMs: 0 };
const codeOf = (found: Promise<unknown>) =>
  found.then(
    () => "found",
    (error: unknown) => (error instanceof PresenceError ? error.code : String(error)),
  );
const firstTime = async (set: KeySet) => (await set.find("one")).algorithms;

describe("a key set", () => {
  it("verifies tokens by the key that they name, each kind with its own algorithms", async () => {
    publish(jwk(first.publicKey, "one"), jwk(ec.publicKey, "two"), jwk(ed.publicKey, "three"));
    let readings = 0;
    const keyFor = createKeySource({ jwksUrl: url }, logger, () => {
      readings++;
    });
    expect(readings).toBe(1);
    const admin = { claim: "role", value: "ADMIN" };
    const rules = {
      keyFor,
      issuer: undefined,
      audience: undefined,
      userClaims: ["sub"],
      admin,
      service: { claim: "role", value: "SERVICE" },
      clockToleranceS: 30,
      brokerTime: () => undefined,
    };
    const sign = (key: jwt.Secret, algorithm: jwt.Algorithm, keyid?: string) =>
      jwt.sign({ sub: "alice" }, key, { algorithm, expiresIn: 60, ...(keyid ? { keyid } : {}) });
    const secret = first.publicKey.export({ type: "spki", format: "pem" }).toString();
    const table: [string, string][] = [
      [sign(first.privateKey, "RS256", "one"), "found"],
      [sign(ec.privateKey, "ES256", "two"), "found"],
      [sign(second.privateKey, "RS256", "one"), "unauthorized"],
      [sign(first.privateKey, "RS256", "two"), "unauthorized"],
      [sign(first.privateKey, "RS512", "one"), "unauthorized"],
      [sign(first.privateKey, "RS256"), "unauthorized"],
      [sign(first.privateKey, "RS256", "three"), "unauthorized"],
      [sign(secret.replaceAll(/-----.*-----/g, ""), "HS256", "one"), "unauthorized"],
      [`${sign(first.privateKey, "RS256", "one").split(".").slice(0, 2).join(".")}.`, "unauthorized"],
      ["no token", "unauthorized"],
    ];
    for (const [token, code] of table) expect(await codeOf(verifyToken(token, rules))).toBe(code);
    expect(asked).toBe(1);
    // One reading at the start, from which the age counts, and one for all these tokens.
    expect(readings).toBe(2);
  });

  it("makes each key once", async () => {
    publish(jwk(first.publicKey, "one"));
    const set = createKeySet(url, logger, patient);
    expect(await set.find("one")).toBe(await set.find("one"));
    expect(asked).toBe(1);
  });

  it("of one key needs no id", async () => {
    publish(jwk(first.publicKey));
    expect((await createKeySet(url, logger, patient).find(undefined)).algorithms).toEqual(["RS256", "PS256"]);
  });

  it("learns of a new key from the first token that it has signed", async () => {
    publish(jwk(first.publicKey, "one"));
    const set = createKeySet(url, logger, eager);
    await firstTime(set);
    publish(jwk(first.publicKey, "one"), jwk(second.publicKey, "next"));
    expect((await set.find("next")).key.equals(second.publicKey)).toBe(true);
  });

  it("asks once for any number of unknown keys within the cooldown", async () => {
    publish(jwk(first.publicKey, "one"));
    const set = createKeySet(url, logger, patient);
    const codes = await Promise.all(Array.from({ length: 200 }, () => codeOf(set.find(randomUUID()))));
    expect(new Set(codes)).toEqual(new Set(["unauthorized"]));
    expect(await codeOf(set.find(randomUUID()))).toBe("unauthorized");
    expect(asked).toBe(1);
  });

  it("drops a key that the provider has withdrawn", async () => {
    publish(jwk(first.publicKey, "one"));
    const set = createKeySet(url, logger, { ...eager, refreshMs: 0 });
    await firstTime(set);
    publish(jwk(second.publicKey, "next"));
    await eventually(async () => (await codeOf(set.find("one"))) === "unauthorized");
  });

  it("keeps its keys while the provider fails", async () => {
    publish(jwk(first.publicKey, "one"));
    const set = createKeySet(url, logger, { ...eager, refreshMs: 0 });
    await firstTime(set);
    answer = { status: 500, keys: null };
    const before = asked;
    await eventually(async () => {
      await set.find("one");
      return asked > before + 1;
    });
    expect(await codeOf(set.find("one"))).toBe("found");
  });

  it.each<[string, typeof answer]>([
    ["fails", { status: 500, keys: null }],
    ["has no keys", { status: 200, keys: [] }],
    ["answers something else", { status: 200, keys: "hello" }],
    ["does not answer", "silence"],
    ["answers too much", { status: 200, keys: [jwk(first.publicKey, "one"), { fill: "x".repeat(300_000) }] }],
  ])("of a provider that %s makes callers retry", async (_, given) => {
    answer = given;
    const set = createKeySet(url, logger, eager);
    expect(await codeOf(set.find("one"))).toBe("unavailable");
    publish(jwk(first.publicKey, "one"));
    expect(await codeOf(set.find("one"))).toBe("found");
  });
});
