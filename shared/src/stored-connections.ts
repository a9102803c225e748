import { z } from "zod";

const connectionSchema = z.object({
  gatewayId: z.string(),
  device: z.string().nullable(),
  /** ms since 1970, partition time */
  since: z.number(),
  /** it has shown no sign of life yet, and does not keep its person online */
  passive: z.boolean().optional().catch(undefined),
});

/**
 * A user's open connections as their record in the state bucket lists them, oldest first. Records of an earlier
 * version hold them by connection id; they are read alike.
 */
export const storedConnectionsSchema = z.union([
  z.array(connectionSchema.extend({ id: z.string() })),
  z
    .record(z.string(), connectionSchema)
    .transform((byId) => Object.entries(byId).map(([id, connection]) => ({ id, ...connection }))),
]);
