import { openNats } from "@meeshy/shared/nats/connect";
import { parseEnv } from "@meeshy/shared/runtime/env";
import { eventually } from "@meeshy/shared/testing/eventually";
import fastify, { type FastifyInstance } from "fastify";
import { Registry } from "prom-client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { gatewayEnv, toConfig } from "../../src/config.ts";
import { presenceGateway } from "../../src/plugin/presence-gateway.ts";
import { call, openClient, quiet, SECRET, type Servers, signIn, startServers, tokenFor } from "../harness.ts";

let servers: Servers;
let host: FastifyInstance;
let url: string;
beforeAll(async () => {
  servers = await startServers();
  const { nats, database, store } = servers;
  const env = { NATS_URL: nats.url, DATABASE_URL: database.url, JWT_SECRET: SECRET };
  const link = await openNats(nats.as("gateway"), "gateway", quiet);

  host = fastify({ forceCloseConnections: true });
  host.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) =>
    done(null, { own: body }),
  );
  host.setErrorHandler((_error, _request, reply) => reply.code(500).send("the host's own words"));
  host.setNotFoundHandler((_request, reply) => reply.code(404).send("nothing of the host's"));
  await host.register(presenceGateway, {
    prefix: "/presence",
    deps: { link, directory: store.directory, store, registry: new Registry(), logger: quiet },
    config: toConfig(parseEnv(gatewayEnv, env)),
  });
  host.addHook("onClose", () => link.close());
  host.get("/hello", () => "hello");
  host.post("/echo", ({ body }) => body);
  host.get("/broken", () => {
    throw new Error("broken");
  });
  url = await host.listen({ port: 0, host: "127.0.0.1" });
  await eventually(() => host.presenceGateway.unready().length === 0);
});
afterAll(async () => {
  await host?.close();
  await servers?.stop();
});

describe("a gateway inside another server", () => {
  it("serves sockets and routes beside the host's own", async () => {
    const [alice, bob] = [await signIn(url, "alice"), await signIn(url, "bob")];
    await servers.publishStatus("bob", { conversationIds: ["general"], version: 5 });
    expect(await alice.nth("user:status")).toMatchObject({ userId: "bob", version: 5 });
    const { status, body } = await call(url, "/presence/api/users/me", { as: "alice" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ user: { id: "alice" }, connections: [{ device: null }] });
    expect(await (await fetch(`${url}/hello`)).text()).toBe("hello");
    alice.close();
    bob.close();
  });

  it("keeps its way of reading and failing to its own routes", async () => {
    const json = { method: "POST", headers: { "content-type": "application/json" }, body: "{" };
    expect(await (await fetch(`${url}/echo`, json)).json()).toEqual({ own: "{" });
    expect(await (await fetch(`${url}/broken`)).text()).toBe("the host's own words");
    expect(await (await fetch(`${url}/nothing`)).text()).toBe("nothing of the host's");
    const refused = await call(url, "/presence/api/messages", { ...json, as: "alice" });
    expect(refused).toMatchObject({ status: 400, body: { error: { code: "bad_request" } } });
    expect(await call(url, "/presence/api/users/me")).toMatchObject({
      body: { error: { code: "unauthorized" } },
    });
    expect((await call(url, "/presence/api/admin/maintenance/stats", { as: "alice" })).status).toBe(403);
  });

  it("sends its clients elsewhere when the host closes, and its host can close", async () => {
    const client = openClient(url, { token: tokenFor("carol") });
    const { connectionId } = await client.nth<{ connectionId: string }>("authenticated");
    await host.close();
    await client.nth("server:draining");
    expect(await client.nth("disconnect")).toBe("transport close");
    const left = (await servers.readLog()).find(
      ({ event }) => event.type === "disconnected" && event.connectionId === connectionId,
    );
    expect(left?.event).toMatchObject({ reason: "server shutting down" });
    expect(host.server.listening).toBe(false);
    client.close();
  });
});
