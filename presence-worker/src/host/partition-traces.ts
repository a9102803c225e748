import { MESSAGING, messagingAttributes, type Span, type Tracer } from "@meeshy/shared/ports/tracing";
import type { Effect } from "../core/effects.ts";
import type { Change } from "../core/partition.ts";

/**
 * The spans of one partition's changes. Each change of state, and each that viewers see, is one; what else a message does is
 * one if the trace that it came with is recorded. The timeouts that pass twice a second are none: a person who becomes a
 * zombie for want of activity begins a trace here, and going offline afterwards belongs to the trace of the doubt.
 */
export class PartitionTraces {
  readonly #tracer: Tracer;
  readonly #partition: number;
  /** of each zombie, the context in which they became one */
  readonly #doubts = new Map<string, string>();

  constructor(tracer: Tracer, partition: number) {
    this.#tracer = tracer;
    this.#partition = partition;
  }

  /** `undefined`: nothing is recorded, and what follows belongs to the message's own context. */
  begin({ record, effects, traceparent }: Change): Span | undefined {
    if (!this.#tracer.isRecording) return undefined;
    const transition = effects.find((effect) => effect.type === "transition");
    const isSeen = transition !== undefined || effects.some(({ type }) => type === "status");
    const parent = traceparent ?? (transition ? this.#doubts.get(record.userId) : undefined);
    // A status that is written anew by its age has no cause.
    if (parent === undefined && transition === undefined) return undefined;
    const span = this.#tracer.start(`process ${MESSAGING.log}`, {
      kind: "consumer",
      parent,
      always: isSeen,
      attributes: {
        ...messagingAttributes("process", MESSAGING.log, this.#partition),
        "meeshy.version": record.seq,
        ...attributesOf(transition),
      },
    });
    if (transition?.to === "zombie" && span.traceparent) this.#doubts.set(record.userId, span.traceparent);
    else if (transition) this.#doubts.delete(record.userId);
    return span;
  }
}

const attributesOf = (transition: Extract<Effect, { type: "transition" }> | undefined) =>
  transition === undefined
    ? {}
    : {
        "meeshy.from": transition.from,
        "meeshy.to": transition.to,
        "meeshy.cause": transition.cause,
        "meeshy.epoch": transition.epoch,
      };
