import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { METRIC_PREFIX } from "../runtime/metrics.ts";
import type { NatsLink } from "./connect.ts";

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** Registers the figures of a process' link to NATS (CONTRACT 8). `tlsCa`: the file whose certificates it trusts. */
export function measureLink(
  registry: Registry,
  link: Pick<NatsLink, "isUp" | "onChange" | "onAnswer">,
  tlsCa?: string,
): void {
  const registers = [registry];
  new Gauge({
    name: `${METRIC_PREFIX}nats_connected`,
    help: "1 while the link to NATS is up",
    registers,
    // Of several processes on a port one without its link is one too many.
    aggregator: "min",
    collect() {
      this.set(link.isUp() ? 1 : 0);
    },
  });
  const reconnects = new Counter({
    name: `${METRIC_PREFIX}nats_reconnects_total`,
    help: "Times that a broken link to NATS was opened again",
    registers,
  });
  const latency = new Histogram({
    name: `${METRIC_PREFIX}ack_latency_seconds`,
    help: "From sending a message to the log, or a value to its stream, until NATS has answered that it is stored or refused",
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5],
    registers,
  });
  if (tlsCa !== undefined) measureCertificates(registry, tlsCa);
  link.onChange((up) => {
    if (up) reconnects.inc();
  });
  link.onAnswer((ms) => latency.observe(ms / 1_000));
}

/** The link was opened with the file, so it can be read; what in it is no certificate has no end. */
function measureCertificates(registry: Registry, file: string): void {
  const ends = (readFileSync(file, "utf8").match(CERTIFICATE) ?? []).map((pem) =>
    Date.parse(new X509Certificate(pem).validTo),
  );
  if (ends.length === 0) return;
  new Gauge({
    name: `${METRIC_PREFIX}certificate_expiry_timestamp_seconds`,
    help: "When the first of the certificates in NATS_TLS_CA expires, unix seconds",
    registers: [registry],
    aggregator: "min",
  }).set(Math.min(...ends) / 1_000);
}
