import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { expect, it } from "vitest";
import { createPortMetrics, metricsSnapshot } from "../../src/cluster/port-metrics.ts";
import { createGatewayMetrics } from "../../src/metrics.ts";

/** A process with so many connections and sent changes. */
async function processWith(counts: { connections: number; broadcasts: number; stale: number }) {
  const registry = new Registry();
  const metrics = createGatewayMetrics(registry);
  metrics.connections.set(counts.connections);
  metrics.gatewayStale.set(counts.stale);
  metrics.stale.set({ reason: "storage" }, counts.stale);
  metrics.broadcasts.inc(counts.broadcasts);
  metrics.broadcastLatency.observe(0.003);
  metrics.authRequests.inc({ result: "ok" });
  return metricsSnapshot.parse(await registry.getMetricsAsJSON());
}

const figureOf = (text: string, name: string) =>
  Number(new RegExp(`^meeshy_${name} (\\S+)$`, "m").exec(text)?.[1]);

it("adds up counters, histograms and gauges; one stale process is enough", async () => {
  const port = createPortMetrics(new Registry());
  port.take(1, await processWith({ connections: 3, broadcasts: 10, stale: 0 }));
  port.take(2, await processWith({ connections: 4, broadcasts: 1, stale: 1 }));
  const text = await port.sum();
  expect(figureOf(text, "connections")).toBe(7);
  expect(figureOf(text, "user_status_broadcasts_total")).toBe(11);
  expect(figureOf(text, "gateway_stale")).toBe(1);
  expect(text).toContain('meeshy_stale{reason="storage"} 1');
  expect(text).toContain('meeshy_auth_requests_total{result="ok"} 2');
  expect(figureOf(text, "broadcast_latency_seconds_count")).toBe(2);
  expect(text).toContain('meeshy_broadcast_latency_seconds_bucket{le="0.005"} 2');
});

it("keeps what ended processes had counted, not what they held", async () => {
  const port = createPortMetrics(new Registry());
  for (let life = 1; life <= 3; life++) {
    port.take(1, await processWith({ connections: 3, broadcasts: 10, stale: 1 }));
    await port.end(1);
    const text = await port.sum();
    expect(figureOf(text, "user_status_broadcasts_total")).toBe(10 * life);
    expect(figureOf(text, "broadcast_latency_seconds_count")).toBe(life);
    expect(text).not.toContain("meeshy_connections");
  }
  port.take(1, await processWith({ connections: 2, broadcasts: 1, stale: 0 }));
  const text = await port.sum();
  expect(figureOf(text, "user_status_broadcasts_total")).toBe(31);
  expect(figureOf(text, "connections")).toBe(2);
  expect(figureOf(text, "gateway_stale")).toBe(0);
});

it("has the primary's own, and those of a process that ended before it was asked are none", async () => {
  const own = new Registry();
  new Gauge({ name: "meeshy_gateway_processes", help: "x", registers: [own] }).set(2);
  new Counter({ name: "meeshy_a_total", help: "x", registers: [own] }).inc();
  new Histogram({ name: "meeshy_b_seconds", help: "x", registers: [own] }).observe(1);
  const port = createPortMetrics(own);
  await port.end(1);
  expect(figureOf(await port.sum(), "gateway_processes")).toBe(2);
});
