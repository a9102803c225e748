import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import { PresenceError } from "@meeshy/shared/codes";
import type { FastifyRequest } from "fastify";
import type { App } from "./context.ts";

/**
 * The people of the demo with a token each, for the sign-in page of a stack that runs on the viewer's own machine
 * (CONTRACT 1). `file` is written by the launcher; it is read at each request and passed on as it is. Every request that
 * may come from elsewhere is answered like an unknown route.
 */
export function serveDemoPeople(app: App, file: string): void {
  app.get("/demo-people.json", { schema: { hide: true } }, async (request, reply) => {
    const people = isFromThisMachine(request)
      ? await readFile(file, "utf8").catch(() => undefined)
      : undefined;
    if (people === undefined) throw new PresenceError("not_found", "There is no such route.");
    return reply.type("application/json; charset=utf-8").header("cache-control", "no-store").send(people);
  });
}

/** Headers of proxies: what comes through one comes from elsewhere. */
const FORWARDED = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/**
 * Both ends are this machine: the address of the peer, and the name by which the page was opened, so that a foreign name
 * that resolves to loopback gets nothing. Pages of other origins are refused, whatever CORS allows.
 */
function isFromThisMachine({ headers, socket }: Pick<FastifyRequest, "headers" | "socket">): boolean {
  const site = headers["sec-fetch-site"];
  return (
    isLoopback(socket.remoteAddress ?? "") &&
    isLoopback(hostnameOf(headers.host ?? "")) &&
    !FORWARDED.some((name) => headers[name] !== undefined) &&
    (site === undefined || site === "same-origin" || site === "none")
  );
}

function hostnameOf(host: string): string {
  try {
    return new URL(`http://${host}`).hostname.replace(/^\[|\]$/g, "");
  } catch {
    return "";
  }
}

function isLoopback(host: string): boolean {
  const address = host.replace(/^::ffff:/i, "");
  return host === "localhost" || host === "::1" || (isIP(address) === 4 && address.startsWith("127."));
}
