import { z } from "zod";
import { layersSchema } from "./availability-layers.ts";
import { AVAILABILITIES, LIFECYCLE_STATES, type LifecycleState } from "./status.ts";
import { storedConnectionsSchema } from "./stored-connections.ts";

const millis = z.number().nullable();

/** Fields of a user's record in the state bucket that its owner and gateways read. Times in ms. */
export const recordFields = {
  state: z.enum(LIFECYCLE_STATES),
  /** log sequence of the last event that changed the record */
  seq: z.number(),
  connections: storedConnectionsSchema,
  /** when the state times out, partition time */
  deadline: millis,
  availability: z.enum(AVAILABILITIES),
  statusText: z.string().nullable(),
  availabilityExpiresAt: millis,
  /** absent: the three above say everything */
  layers: layersSchema.optional().catch(undefined),
  /** presence without a socket; absent: none */
  sessions: z
    .array(
      z.object({
        id: z.string(),
        device: z.string().nullable(),
        since: z.number(),
        until: z.number(),
        keepOnline: z.boolean(),
      }),
    )
    .optional()
    .catch(undefined),
};

/** A record as gateways read it: an earlier release may have left out any of it but the connections. */
export const recordViewSchema = z
  .object({
    /** null: one of a later release */
    state: recordFields.state.nullable().default("offline").catch(null),
    seq: recordFields.seq.default(0),
    connections: recordFields.connections,
    deadline: recordFields.deadline.default(null),
    /** why a zombie is one */
    zombieCause: z.string().nullable().default(null).catch(null),
    lastActiveAt: millis.default(null).catch(null),
    /** one of a later release reads as available */
    availability: recordFields.availability.default("available").catch("available"),
    statusText: recordFields.statusText.default(null),
    availabilityExpiresAt: recordFields.availabilityExpiresAt.default(null),
    layers: recordFields.layers,
    sessions: recordFields.sessions,
  })
  .transform(({ state, ...rest }) => ({ ...rest, state: state ?? stateBy(rest.connections) }));
export type RecordView = z.infer<typeof recordViewSchema>;

const stateBy = ({ length }: readonly unknown[]): LifecycleState => (length > 0 ? "online" : "offline");
