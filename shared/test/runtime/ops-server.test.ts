import { Gauge } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { createMetricsRegistry } from "../../src/runtime/metrics.ts";
import { createOpsServer } from "../../src/runtime/ops-server.ts";

test("answers that the process lives, whether it can serve and why not, and its figures", async () => {
  const registry = createMetricsRegistry();
  new Gauge({ name: "meeshy_things", help: "Things", registers: [registry] }).set(3);
  let reasons = ["no link to NATS"];
  const server = await createOpsServer({ registry, unready: () => reasons }, { port: 0, host: "127.0.0.1" });
  onTestFinished(() => server.close());
  const get = async (path: string) => {
    const { port } = server.server.address() as { port: number };
    const response = await fetch(`http://127.0.0.1:${port}${path}`);
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      text: await response.text(),
    };
  };

  expect(await get("/health/live")).toMatchObject({ status: 200 });
  const unready = await get("/health/ready");
  expect(unready.status).toBe(503);
  expect(JSON.parse(unready.text)).toEqual({ status: "unavailable", reasons: ["no link to NATS"] });
  reasons = [];
  expect(await get("/health/ready")).toMatchObject({ status: 200 });
  const metrics = await get("/metrics");
  expect(metrics.type).toContain("text/plain");
  expect(metrics.text).toContain("meeshy_things 3");
  expect(metrics.text).toContain("process_cpu_seconds_total");
});
