import { type Link, ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { defaultResource, resourceFromAttributes } from "@opentelemetry/resources";
import { AlwaysOnSampler, BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import {
  passThrough,
  readTraceparent,
  type SpanOptions,
  type Tracer,
  type TracingConfig,
} from "../ports/tracing.ts";
import { systemClock } from "./system-clock.ts";

const KINDS: Record<SpanOptions["kind"], SpanKind> = {
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
  internal: SpanKind.INTERNAL,
};
const LINKS_MAX = 64;
/** Spans that wait to be sent; of more, the newest are dropped: a hanging endpoint costs memory of a bound, and no time. */
const QUEUE_MAX = 8_192;
const SEND_EVERY_MS = 1_000;
const EXPORT_TIMEOUT_MS = 5_000;
const FLUSH_WITHIN_MS = 1_000;

/** Loaded only where traces are wanted. The exporter reads the standard `OTEL_*` variables itself: address, headers, limits. */
export function createOtelTracer(
  service: string,
  { ratio }: TracingConfig,
): { tracer: Tracer; stop(): Promise<void> } {
  const exporter = new OTLPTraceExporter({ timeoutMillis: EXPORT_TIMEOUT_MS });
  const provider = new TracerProvider({
    resource: defaultResource().merge(
      resourceFromAttributes({
        "service.name": process.env.OTEL_SERVICE_NAME ?? `meeshy-${service}`,
        "service.namespace": "meeshy-presence",
        "process.pid": process.pid,
      }),
    ),
    // What is sampled is decided in `start`.
    sampler: new AlwaysOnSampler(),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: QUEUE_MAX,
        scheduledDelayMillis: SEND_EVERY_MS,
        exportTimeoutMillis: EXPORT_TIMEOUT_MS,
      }),
    ],
  });
  const spans = provider.getTracer("meeshy-presence");

  return {
    tracer: {
      isRecording: true,
      start(name, { kind, parent, links = [], attributes = {}, always = false }) {
        const from = readTraceparent(parent);
        const isSampled = always || (from ? from.isSampled : Math.random() < ratio);
        if (!isSampled) return passThrough(parent);
        const context = from ? trace.setSpanContext(ROOT_CONTEXT, remote(from)) : ROOT_CONTEXT;
        const span = spans.startSpan(name, { kind: KINDS[kind], attributes, links: linksTo(links) }, context);
        const { traceId, spanId } = span.spanContext();
        return {
          traceparent: `00-${traceId}-${spanId}-01`,
          end({ attributes: more, error } = {}) {
            if (more) span.setAttributes(more);
            if (error !== undefined) {
              const message = error instanceof Error ? error.message : String(error);
              span.setStatus({ code: SpanStatusCode.ERROR, message });
            }
            span.end();
          },
        };
      },
    },
    async stop() {
      // An endpoint that hangs holds up no one's stop.
      await Promise.race([provider.shutdown().catch(() => {}), systemClock.sleep(FLUSH_WITHIN_MS)]);
    },
  };
}

const remote = ({ traceId, spanId }: { traceId: string; spanId: string }) => ({
  ...{ traceId, spanId },
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
});

function linksTo(traceparents: readonly (string | undefined)[]): Link[] {
  return traceparents.slice(0, LINKS_MAX).flatMap((value) => {
    const to = readTraceparent(value);
    return to ? [{ context: remote(to) }] : [];
  });
}
