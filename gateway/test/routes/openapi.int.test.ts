import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningGateway, type Servers, startServers } from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway();
});
afterAll(() => servers?.stop());

interface Description {
  openapi: string;
  paths: Record<
    string,
    Record<string, { responses: Record<string, unknown>; parameters?: { name: string }[]; tags?: string[] }>
  >;
}

describe("the description of the API", () => {
  it("carries the product's name, and groups routes by what they are about", async () => {
    const page = await (await fetch(`${gateway.url}/api/docs`)).text();
    expect(page).toContain("<title>Meeshy presence: API</title>");
    const spec = (await (await fetch(`${gateway.url}/api/openapi.json`)).json()) as Description;
    const groups = Object.values(spec.paths).flatMap((methods) =>
      Object.values(methods).map(({ tags }) => tags),
    );
    expect([...new Set(groups.flat())].sort()).toEqual([
      "Administration",
      "Conversations",
      "Messages",
      "Operations",
      "People",
      "Services",
    ]);
  });

  it("has every route with its answers and failures", async () => {
    const spec = (await (await fetch(`${gateway.url}/api/openapi.json`)).json()) as Description;
    expect(spec.openapi).toBe("3.1.0");
    const routes = Object.entries(spec.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(routes.sort()).toEqual(
      [
        "get /api/users/me",
        "get /api/users/status",
        "patch /api/users/me/preferences",
        "put /api/users/me/availability",
        "delete /api/users/me/availability",
        "get /api/users/me/blocks",
        "put /api/users/me/blocks/{userId}",
        "delete /api/users/me/blocks/{userId}",
        "put /api/conversations/{conversationId}/members/{userId}",
        "delete /api/conversations/{conversationId}/members/{userId}",
        "get /api/admin/users/{userId}/presence",
        "get /api/users/presence",
        ...["activity", "availability", "session", "membership", "account", "query"].map(
          (request) => `post /api/service/${request}`,
        ),
        "get /api/users/{userId}",
        "get /api/conversations",
        "get /api/conversations/{conversationId}/presence",
        "get /api/messages/{conversationId}",
        "post /api/messages",
        "get /api/admin/maintenance/stats",
        "post /api/admin/maintenance/cleanup-zombies",
        "post /api/admin/users/{userId}/disconnect",
        "get /api/admin/users",
        "get /api/admin/partitions",
        "get /api/admin/transitions",
        "get /health/live",
        "get /health/ready",
        "get /metrics",
      ].sort(),
    );
    for (const [path, methods] of Object.entries(spec.paths)) {
      if (!path.startsWith("/api/")) continue;
      for (const { responses } of Object.values(methods)) {
        expect(Object.keys(responses)).toEqual([expect.stringMatching(/^20[01]$/), "4XX", "5XX"]);
      }
    }
  });

  it("has a page that runs under its own content security policy", async () => {
    const page = await fetch(`${gateway.url}/api/docs/`);
    expect(page.status).toBe(200);
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).not.toContain("unsafe-inline");
    expect(policy).not.toContain("upgrade-insecure-requests");
    const html = await page.text();
    expect(html).not.toMatch(/<script(?![^>]*src=)/);
    for (const [, source] of html.matchAll(/<script[^>]*src="([^"]+)"/g)) {
      const script = await fetch(new URL(source ?? "", page.url));
      expect(script.status).toBe(200);
      // A gateway that stops waits for answers that are being read.
      await script.text();
    }
  });
});
