import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, type RunningGateway, type Servers, startServers, tokenFor } from "../harness.ts";

let servers: Servers;
let gateway: RunningGateway;
beforeAll(async () => {
  servers = await startServers();
  gateway = await servers.gateway({ RATE_ORDERS_PER_USER: "3" });
});
afterAll(() => servers?.stop());

const ORDERS: [string, string, string, object?][] = [
  ["availability", "PUT", "/api/users/me/availability", { availability: "busy" }],
  ["preferences", "PATCH", "/api/users/me/preferences", { showLastSeen: true }],
  ["blocks", "PUT", "/api/users/me/blocks/dave"],
  ["members", "PUT", "/api/conversations/general/members/bob"],
];

describe("more orders of one person than their rate", () => {
  it.each(ORDERS)(
    "on %s are refused and write nothing, while others are carried out",
    async (kind, method, path, body) => {
      const order = (as: string) =>
        call(gateway.url, path, {
          as,
          method,
          ...(body && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
        });
      for (let n = 0; n < 3; n++) expect([kind, (await order("alice")).status]).toEqual([kind, 200]);
      const written = async () =>
        (await servers.readLog()).filter(({ event }) => event.type !== "activity").length;
      const before = await written();
      expect((await order("alice")).body).toMatchObject({ error: { code: "rate_limited", retryable: true } });
      expect(await written()).toBe(before);
      expect((await order("carol")).status).toBe(200);
    },
  );

  it("on availability are refused whether they give a choice or end one", async () => {
    const end = () => call(gateway.url, "/api/users/me/availability", { as: "dave", method: "DELETE" });
    for (let n = 0; n < 3; n++) expect((await end()).status).toBe(200);
    expect((await end()).body).toMatchObject({ error: { code: "rate_limited", retryable: true } });
    const choice = await call(gateway.url, "/api/users/me/availability", {
      ...{ as: "dave", method: "PUT", body: JSON.stringify({ availability: "busy" }) },
      headers: { "content-type": "application/json" },
    });
    expect(choice.body).toMatchObject({ error: { code: "rate_limited" } });
  });

  it("do not hold for administrators who add members", async () => {
    const headers = { authorization: `Bearer ${tokenFor("admin", { role: "ADMIN" })}` };
    for (let n = 0; n < 5; n++)
      expect(
        (await call(gateway.url, "/api/conversations/general/members/bob", { method: "PUT", headers }))
          .status,
      ).toBe(200);
  });
});
