import { X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rootCertificates } from "node:tls";
import { Registry } from "prom-client";
import { expect, onTestFinished, test } from "vitest";
import { measureLink } from "../../src/nats/link-metrics.ts";

/** A link whose state the test sets. */
function linkOf() {
  const listeners: ((up: boolean) => void)[] = [];
  const answers: ((ms: number) => void)[] = [];
  let isUp = true;
  return {
    link: {
      isUp: () => isUp,
      onChange: (listener: (up: boolean) => void) => {
        listeners.push(listener);
        return () => {};
      },
      onAnswer: (listener: (ms: number) => void) => void answers.push(listener),
    },
    become(up: boolean) {
      isUp = up;
      for (const listener of listeners) listener(up);
    },
    answer(ms: number) {
      for (const listener of answers) listener(ms);
    },
  };
}

async function figureOf(registry: Registry, series: string): Promise<number> {
  const line = (await registry.metrics()).split("\n").find((text) => text.startsWith(`${series} `));
  return Number(line?.split(" ").at(-1));
}

test("whether the link is up, how often it was opened again, and how long writes take", async () => {
  const registry = new Registry();
  const { link, become, answer } = linkOf();
  measureLink(registry, link);
  expect(await figureOf(registry, "meeshy_nats_connected")).toBe(1);
  become(false);
  expect(await figureOf(registry, "meeshy_nats_connected")).toBe(0);
  expect(await figureOf(registry, "meeshy_nats_reconnects_total")).toBe(0);
  become(true);
  expect(await figureOf(registry, "meeshy_nats_reconnects_total")).toBe(1);
  answer(40);
  answer(300);
  expect(await figureOf(registry, "meeshy_ack_latency_seconds_sum")).toBeCloseTo(0.34);
  expect(await figureOf(registry, 'meeshy_ack_latency_seconds_bucket{le="0.05"}')).toBe(1);
});

test("the first of the trusted certificates to expire counts; a file without one has no figure", async () => {
  const folder = mkdtempSync(join(tmpdir(), "meeshy-ca-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "ca.pem");
  const some = rootCertificates.slice(0, 3);
  writeFileSync(file, some.join("\n"));
  const registry = new Registry();
  measureLink(registry, linkOf().link, file);
  const ends = some.map((pem) => Date.parse(new X509Certificate(pem).validTo) / 1_000);
  expect(await figureOf(registry, "meeshy_certificate_expiry_timestamp_seconds")).toBe(Math.min(...ends));

  writeFileSync(file, "no certificate");
  const without = new Registry();
  measureLink(without, linkOf().link, file);
  expect(await without.metrics()).not.toContain("meeshy_certificate_expiry");
});
