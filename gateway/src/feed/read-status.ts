import { type StatusMessage, statusMessageSchema } from "@meeshy/shared/status";
import { userOfStatusSubject } from "@meeshy/shared/subjects";

const decoder = new TextDecoder();

/** The status in a message of `presence.status.*` or `presence.set.*`. Throws when it is none of that subject's user. */
export function readStatusMessage(subject: string, data: Uint8Array): StatusMessage {
  const status = statusMessageSchema.parse(JSON.parse(decoder.decode(data)));
  if (userOfStatusSubject(subject) !== status.userId)
    throw new Error("the status is not of its subject's user");
  return status;
}
