import { createHmac } from "node:crypto";
import { expect, test } from "vitest";
import { demoToken } from "../../src/servers/demo-token.ts";

test("a token names the user and its role, lives 30 days, and is signed with HS256", () => {
  const now = new Date("2026-01-01T00:00:00Z");
  const token = demoToken({ id: "auth0|1", username: "ann", role: "ADMIN" }, "secret", now);
  const [header = "", claims = "", signature] = token.split(".");
  const decode = (part: string) => JSON.parse(Buffer.from(part, "base64url").toString());
  const issued = now.getTime() / 1000;
  expect(decode(header)).toEqual({ alg: "HS256", typ: "JWT" });
  expect(decode(claims)).toEqual({
    ...{ sub: "auth0|1", userId: "auth0|1", username: "ann", role: "ADMIN" },
    ...{ iat: issued, exp: issued + 30 * 86_400 },
  });
  expect(signature).toBe(createHmac("sha256", "secret").update(`${header}.${claims}`).digest("base64url"));
});
