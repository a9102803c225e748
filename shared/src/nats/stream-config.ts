import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream";
import type { StreamDefinition } from "../ports/bus.ts";

/** The part of a stream's configuration that is ours, to JetStream's terms and back. */

const NANOS = 1e6;

/** Limits retention, file storage and direct get are the same for every stream of ours. ms become ns. */
export function toConfig(definition: StreamDefinition): StreamConfig & { name: string } {
  const { name, subjects, republish } = definition;
  return {
    name,
    subjects,
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: definition.replicas,
    max_age: definition.maxAgeMs * NANOS,
    max_bytes: definition.maxBytes,
    max_msg_size: definition.maxMessageBytes,
    max_msgs_per_subject: definition.maxMessagesPerSubject,
    discard: definition.discard === "new" ? DiscardPolicy.New : DiscardPolicy.Old,
    allow_direct: true,
    allow_rollup_hdrs: definition.allowRollup,
    deny_delete: definition.denyDelete,
    ...(republish ? { republish: { src: republish.from, dest: republish.to } } : {}),
  } as StreamConfig & { name: string };
}

/** A field that the server leaves out is read as its default: no limit, not allowed. ns become ms. */
export function toDefinition(config: StreamConfig): StreamDefinition {
  const { name, subjects, republish } = config;
  return {
    name,
    subjects: subjects ?? [],
    maxAgeMs: config.max_age / NANOS,
    maxMessageBytes: config.max_msg_size ?? -1,
    maxBytes: config.max_bytes,
    maxMessagesPerSubject: config.max_msgs_per_subject ?? -1,
    discard: config.discard === DiscardPolicy.New ? "new" : "old",
    allowRollup: config.allow_rollup_hdrs ?? false,
    denyDelete: config.deny_delete ?? false,
    replicas: config.num_replicas,
    ...(republish ? { republish: { from: republish.src ?? ">", to: republish.dest } } : {}),
  };
}
