import { NO_TRACING, type Tracer, type TracingConfig } from "../ports/tracing.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { Logger } from "./logger.ts";

/**
 * The tracer of this process: one that exports by OTLP where an endpoint is named, otherwise one that records nothing and
 * loads nothing. Spans that are left at the end are sent when the lifecycle stops, within a second.
 */
export async function startTracing(
  env: {
    OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT?: string | undefined;
    OTEL_TRACES_SAMPLER_ARG: number;
  },
  service: string,
  { logger, lifecycle }: { logger: Logger; lifecycle: Lifecycle },
): Promise<Tracer> {
  const endpoint = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? env.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return NO_TRACING;
  const { createOtelTracer } = await import("./otel-tracer.ts");
  const config: TracingConfig = { ratio: env.OTEL_TRACES_SAMPLER_ARG };
  const { tracer, stop } = createOtelTracer(service, config);
  lifecycle.onStop("traces", stop);
  logger.info({ endpoint, ratio: config.ratio }, "traces are exported");
  return tracer;
}
