import { randomUUID } from "node:crypto";
import { type NatsConfig, type NatsLink, openNats } from "../src/nats/connect.ts";
import { AckLost, type AppendOptions, type PubAck } from "../src/ports/bus.ts";

/**
 * The link by which a test writes what no process under test writes. A lost acknowledgement is no outcome there: the
 * same message is sent again, under the same id, until it is known to be stored, once.
 */
export async function openTestLink(config: NatsConfig): Promise<NatsLink> {
  const link = await openNats(config, "test");
  const publish = async (subject: string, data: Uint8Array, options: AppendOptions = {}): Promise<PubAck> => {
    const messageId = randomUUID();
    for (;;) {
      try {
        return await link.acks.publish(subject, data, { messageId, ...options });
      } catch (error) {
        if (!(error instanceof AckLost) || link.isClosed()) throw error;
      }
    }
  };
  return { ...link, acks: { ...link.acks, publish } };
}
