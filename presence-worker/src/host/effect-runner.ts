import { PING_TIMEOUT } from "@meeshy/shared/close-reasons";
import { isCanaryId } from "@meeshy/shared/ids";
import { passThrough, traceIdOf } from "@meeshy/shared/ports/tracing";
import type { Effect } from "../core/effects.ts";
import type { Inbound } from "../core/inbound.ts";
import type { Change } from "../core/partition.ts";
import { hasStatus, toRow, toStatusMessage } from "../core/projection.ts";
import type { UserRecord } from "../core/record.ts";
import type { Erasures } from "../io/erasures.ts";
import { commandGateway } from "../io/gateway-commands.ts";
import type { StatusWriter } from "../io/status-writer.ts";
import type { HistoryLine } from "../io/stored-record.ts";
import type { CatchUp } from "./catch-up.ts";
import type { Checkpointer } from "./checkpointer.ts";
import type { HostDeps } from "./deps.ts";
import { PartitionTraces } from "./partition-traces.ts";
import type { SelfNotices } from "./self-notices.ts";

export interface EffectRunnerParts {
  deps: Pick<HostDeps, "bus" | "database" | "metrics" | "tracer" | "logger">;
  partition: number;
  statuses: StatusWriter;
  selfNotices: SelfNotices;
  erasures: Erasures;
  checkpointer: Checkpointer;
  catchUp: CatchUp;
  /** what came later, by the broker's clock, no former owner has counted */
  appliedBefore: number;
}

/**
 * Carries out what the partition's changes want done: statuses, rows, history and commands to gateways. Until
 * {@link goLive} statuses and notices wait: a former owner has sent those of the log's old messages already. What it has counted is not
 * counted again.
 */
export class EffectRunner {
  readonly #parts: EffectRunnerParts;
  /** zombies whose last connection fell silent, as opposed to a tab that was closed; for the metrics alone */
  readonly #pingTimeouts = new Set<string>();
  readonly #traces: PartitionTraces;
  #live = false;

  constructor(parts: EffectRunnerParts) {
    this.#parts = parts;
    this.#traces = new PartitionTraces(parts.deps.tracer, parts.partition);
  }

  carryOut(change: Change): void {
    const { record, effects } = change;
    const { deps, partition, checkpointer, catchUp } = this.#parts;
    // Figures, traces, history and log lines are of people.
    const isPerson = !isCanaryId(record.userId);
    // What a former owner may have recorded is not recorded again.
    const span = this.#live && isPerson ? this.#traces.begin(change) : undefined;
    // What stands in a message may be anything: it goes on, into a header, only if it is a context.
    const { traceparent } = span ?? passThrough(change.traceparent);
    const history: HistoryLine[] = [];
    let persists = false;
    for (const effect of effects) {
      if (effect.type === "status" && this.#live) this.publish(record, traceparent);
      else if (effect.type === "self" && this.#live) this.#parts.selfNotices.note(record);
      else if (effect.type === "persist") persists = true;
      else if (effect.type === "erase") this.#erase(record);
      else if (effect.type === "closeConnections") this.#closeConnections(record.userId, effect);
      else if (effect.type === "transition" && isPerson) {
        const { type: _, ...line } = effect;
        const traceId = traceIdOf(traceparent) ?? null;
        history.push({ ...line, traceId });
        if (this.#live || effect.at > this.#parts.appliedBefore) {
          deps.metrics.transition(effect, record, this.#pingTimeouts.has(record.userId));
          deps.logger.info({ userId: record.userId, ...line, traceId }, "transition");
        }
      }
    }
    if (persists || history.length > 0)
      deps.database.put(partition, toRow(record), history, record.seq, span?.traceparent);
    if (!this.#live) catchUp.touch(record.userId);
    if (record.state === "offline") this.#pingTimeouts.delete(record.userId);
    checkpointer.changed(record, span?.traceparent);
    span?.end();
  }

  publish(record: UserRecord, traceparent?: string): void {
    if (hasStatus(record))
      this.#parts.statuses.put({ status: toStatusMessage(record), meta: { traceparent } });
  }

  /** Remembers, of a message that changed something, whether a connection has stopped answering pings. */
  noteLoss({ userId, message: { event } }: Inbound): void {
    if (userId === undefined || event.type === "activity") return;
    if (event.type === "disconnected" && event.reason === PING_TIMEOUT) this.#pingTimeouts.add(userId);
    else this.#pingTimeouts.delete(userId);
  }

  /** The log has been read to its end: what changed meanwhile is published, and from now on every change is. */
  goLive(recordOf: (userId: string) => UserRecord | undefined): void {
    this.#live = true;
    const { changed, unpublished } = this.#parts.catchUp.finish(recordOf);
    for (const record of unpublished) this.publish(record);
    for (const record of changed) if (record.connections.length > 0) this.#parts.selfNotices.note(record);
  }

  #erase(record: UserRecord): void {
    const { deps, partition, erasures } = this.#parts;
    deps.database.erase(partition, record.userId, record.seq);
    erasures.begin(record);
  }

  /** The record waits for the gateways' answers: until then a crash has the command given again. */
  #closeConnections(userId: string, effect: Extract<Effect, { type: "closeConnections" }>): void {
    const { deps, checkpointer } = this.#parts;
    const { byGateway, reason } = effect;
    for (const [gatewayId, connectionIds] of Object.entries(byGateway)) {
      const command = { type: "close" as const, userId, connectionIds, reason };
      checkpointer.await(userId, commandGateway(deps.bus, gatewayId, command, deps.logger));
    }
  }
}
