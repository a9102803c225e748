import type { IncomingHttpHeaders } from "node:http";

/** What a caller shows to say who they are (CONTRACT 3): a JWT, or an anonymous participant's session. */
export interface Credentials {
  token: string | undefined;
  sessionToken: string | undefined;
}

export function credentialsOfHeaders(headers: IncomingHttpHeaders): Credentials {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  const session = headers["x-session-token"];
  return { token: bearer, sessionToken: typeof session === "string" ? session : undefined };
}

/** A handshake's `auth` payload comes before its headers. */
export function credentialsOfHandshake(handshake: {
  auth: Record<string, unknown>;
  headers: IncomingHttpHeaders;
}): Credentials {
  const fallback = credentialsOfHeaders(handshake.headers);
  const token = textOf(handshake.auth.token);
  const sessionToken = textOf(handshake.auth.sessionToken);
  if (token === undefined && sessionToken === undefined) return fallback;
  return { token, sessionToken };
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;
