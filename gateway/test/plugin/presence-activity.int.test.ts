import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { headers as natsHeaders } from "@nats-io/nats-core";
import fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { presenceActivity } from "../../src/plugin/presence-activity.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** set by the backend's own authentication */
    account: { id: string } | null;
  }
}

let nats: TestNats;
let link: NatsLink;
let reports: unknown[] = [];
let refuses = false;
beforeAll(async () => {
  nats = await startNats();
  link = await openNats({ url: nats.url }, "test");
  link.nc.subscribe("presence.activity", {
    callback: (_error, message) => {
      reports.push(message.json());
      const headers = natsHeaders();
      if (refuses) headers.set("Nats-Service-Error-Code", "503");
      message.respond("{}", { headers });
    },
  });
  await link.nc.flush();
});
afterAll(async () => {
  await link?.close();
  await nats?.stop();
});
beforeEach(() => {
  reports = [];
  refuses = false;
});

/** A backend of another team, with an authentication of its own. */
async function startBackend(throttleMs?: number): Promise<FastifyInstance> {
  const app = fastify();
  app.decorateRequest("account", null);
  app.addHook("onRequest", async (request) => {
    const id = request.headers["x-account"];
    if (typeof id === "string") request.account = { id };
  });
  await app.register(presenceActivity, {
    nc: link.nc,
    userOf: ({ account }) => account?.id,
    ...(throttleMs === undefined ? {} : { throttleMs }),
  });
  app.get("/things", () => []);
  return app;
}
const visit = (app: FastifyInstance, headers: Record<string, string> = {}) =>
  app.inject({ url: "/things", headers });

describe("a backend with the plugin", () => {
  it("reports each person's activity once in the throttle's time, and no one else's", async () => {
    const app = await startBackend();
    await visit(app);
    await visit(app, { "x-account": "auth0|ann", "x-presence-passive": "1" });
    for (let n = 0; n < 5; n++) await visit(app, { "x-account": "auth0|ann" });
    await visit(app, { "x-account": "bob" });
    await eventually(() => reports.length === 2);
    expect(reports).toEqual([{ userId: "auth0|ann" }, { userId: "bob" }]);
    await app.close();
  });

  it("reports again after the throttle's time", async () => {
    const app = await startBackend(1);
    await eventually(async () => {
      await visit(app, { "x-account": "ann" });
      return reports.length >= 3;
    });
    await app.close();
  });

  it("reports again at the next request when a report was refused", async () => {
    const app = await startBackend();
    const reportsOfCat = () => reports.filter((report) => JSON.stringify(report).includes("cat")).length;
    refuses = true;
    await visit(app, { "x-account": "cat" });
    await eventually(() => reportsOfCat() === 1);
    refuses = false;
    await eventually(async () => {
      await visit(app, { "x-account": "cat" });
      return reportsOfCat() === 2;
    });
    await app.close();
  });

  it("answers as ever while no gateway listens", async () => {
    const app = fastify();
    const alone = { request: () => Promise.reject(new Error("no responders")) };
    await app.register(presenceActivity, { nc: alone, userOf: () => "ann" });
    app.get("/things", () => "here");
    expect((await visit(app)).body).toBe("here");
    expect((await visit(app)).body).toBe("here");
    await app.close();
  });
});
