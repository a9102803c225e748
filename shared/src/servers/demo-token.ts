import { createHmac } from "node:crypto";

const LIFETIME_S = 30 * 24 * 3600;

/** Who a token is for. */
export type TokenSubject = { id: string; username: string; role: "USER" | "ADMIN" };

/** A JWT (HS256) as the gateways take it (CONTRACT 3), valid for 30 days from `now` by default; for demonstrations and tests. */
export function demoToken(
  { id, username, role }: TokenSubject,
  secret: string,
  now: Date,
  lifetimeS = LIFETIME_S,
): string {
  const issuedAt = Math.floor(now.getTime() / 1000);
  const claims = { sub: id, userId: id, username, role, iat: issuedAt, exp: issuedAt + lifetimeS };
  const signed = `${encode({ alg: "HS256", typ: "JWT" })}.${encode(claims)}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
