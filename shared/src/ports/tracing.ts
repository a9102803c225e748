/**
 * Traces of what leads from one person's browser to another's (docs/OPERATIONS.md, "Traces"). A context is carried as W3C
 * `traceparent`: in messages of the log, in a header of statuses, as an argument in between. Nothing is looked up in
 * async locals.
 */
export interface Tracer {
  /** `false`: nothing is recorded, so nothing need be prepared */
  readonly isRecording: boolean;
  /** Begins a span. One that is not sampled costs nothing and hands its parent's context on. */
  start(name: string, options: SpanOptions): Span;
}

export interface SpanOptions {
  kind: "server" | "client" | "producer" | "consumer" | "internal";
  /** `traceparent` of what caused it; `undefined`: it is the root of a trace. What is no `traceparent` counts as none. */
  parent?: string | undefined;
  /** `traceparent`s of other traces that it belongs to; at most 64 are kept */
  links?: readonly (string | undefined)[];
  attributes?: Attributes;
  /** `true`: viewers see it. Otherwise the parent decides, and of roots a share of {@link TracingConfig.ratio} is sampled. */
  always?: boolean;
}

export type Attributes = Record<string, string | number | boolean>;

export interface Span {
  /** the context for what it causes; `undefined`: there is none */
  readonly traceparent: string | undefined;
  /** Ends it, once. */
  end(outcome?: { attributes?: Attributes; error?: unknown }): void;
}

export interface TracingConfig {
  /** of roots that no viewer sees, 0 … 1 */
  ratio: number;
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/;

/** The parts of a `traceparent` header; `undefined`: it is none. */
export function readTraceparent(
  value: unknown,
): { traceId: string; spanId: string; isSampled: boolean } | undefined {
  if (value === undefined) return undefined;
  const [, traceId = "", spanId = "", flags = ""] =
    typeof value === "string" ? (TRACEPARENT.exec(value) ?? []) : [];
  if (/^0*$/.test(traceId) || /^0*$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The id by which a trace is found, for log lines. */
export const traceIdOf = (traceparent: string | undefined): string | undefined =>
  readTraceparent(traceparent)?.traceId;

/** A span that is not recorded: what it causes belongs to its parent. */
export const passThrough = (parent: string | undefined): Span =>
  readTraceparent(parent) === undefined ? NO_SPAN : { traceparent: parent, end() {} };

const NO_SPAN: Span = { traceparent: undefined, end() {} };

/** Records nothing. A client's own context still reaches the log and the history. */
export const NO_TRACING: Tracer = { isRecording: false, start: (_, { parent }) => passThrough(parent) };

/** What the log and the statuses are called in spans (OpenTelemetry's conventions for messaging): templates, never ids. */
export const MESSAGING = {
  log: "presence.in.{partition}.{source}.{user}",
  status: "presence.set.{user}",
} as const;

/** Attributes of a message that is sent or processed. */
export const messagingAttributes = (
  operation: "send" | "process",
  template: string,
  partition?: number,
): Attributes => ({
  "messaging.system": "nats",
  "messaging.operation.name": operation,
  "messaging.operation.type": operation,
  "messaging.destination.name": template,
  "messaging.destination.template": template,
  ...(partition === undefined ? {} : { "messaging.destination.partition.id": String(partition) }),
});
