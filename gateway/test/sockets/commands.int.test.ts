import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { toBytes } from "@meeshy/shared/nats/last-value";
import { gatewaySubject } from "@meeshy/shared/subjects";
import { startNats, type TestNats } from "@meeshy/shared/testing/servers";
import { Registry } from "prom-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createConnections } from "../../src/connections/connections.ts";
import { createGatewayMetrics } from "../../src/metrics.ts";
import { handleCommands } from "../../src/sockets/commands.ts";
import { quiet } from "../harness.ts";

let nats: TestNats;
let link: NatsLink;
beforeAll(async () => {
  nats = await startNats();
  link = await openNats({ url: nats.url }, "test");
});
afterAll(async () => {
  await link.close();
  await nats.stop();
});

it("answers under its latest ids, and ends the subscriptions of those before", async () => {
  const asked: string[] = [];
  const commands = handleCommands({
    bus: link,
    log: { outOfStep: (publisher) => asked.push(publisher) },
    connections: createConnections(createGatewayMetrics(new Registry()).connections),
    logger: quiet,
  });
  const ids = Array.from({ length: 50 }, (_, life) => `gw-${life}`);
  for (const id of ids) commands.listenAs(id);
  const command = (publisher: string) =>
    toBytes({ type: "out-of-step", publisher, partition: 0, expected: 0 });
  const isAnswered = (id: string) =>
    link.request(gatewaySubject(id), command(id), 5_000).then(
      () => true,
      () => false,
    );
  const answers = await Promise.all(ids.map(isAnswered));
  commands.stop();
  expect(ids.filter((_, life) => answers[life])).toEqual(ids.slice(-8));
  expect(asked.toSorted()).toEqual(ids.slice(-8).toSorted());
});
