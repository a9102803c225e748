import { z } from "zod";
import {
  ERROR_CODE_HEADER,
  ERROR_HEADER,
  SERVICE_REQUESTS,
  SERVICE_SUBJECTS,
  type ServiceSubject,
} from "../service-requests.ts";
import { errorBodySchema } from "../socket-events.ts";
import { statusMessageSchema } from "../status-schema.ts";
import { STREAM_STATUS } from "../subjects.ts";
import { type Json, reference, toMessage, toSchema } from "./messages.ts";

/** The part of the document about NATS: statuses, and the requests that other services may make. */

const ASKS: Record<ServiceSubject, string> = {
  "presence.query":
    "The statuses of up to 500 users, as a viewer, or anyone in their conversations, may see them",
  "presence.activity": "A person did something. User `service` only",
  "presence.availability": "Sets what a person shows. User `service` only",
  "presence.session": "Keeps a person online without a socket, for a time. User `service` only",
  "presence.membership": "A hint: the directory has news of a person's conversations. User `service` only",
  "presence.account": "An account has changed. User `service` only",
};

const servers = [reference("servers", "nats")];
const channel = (name: string) => reference("channels", name);
const messageOf = (name: string, key: string) => reference("channels", name, "messages", key);

const userId = {
  description:
    "The user's id; each byte outside of `A-Za-z0-9_-` is written `=HH`, its value in upper-case hexadecimal",
};

const refusal: Json = {
  ...toMessage("refusal", "The request was refused", z.object({ error: errorBodySchema })),
  headers: toSchema(
    z.object({
      [ERROR_CODE_HEADER]: z.string().describe("the HTTP status of the error's code"),
      [ERROR_HEADER]: z.string(),
    }),
  ),
};

const STATUS = "presence.status";
const LAST_STATUS = "presence.status.last";
const answers = (subject: string) => `${subject}.answer`;

function describeStatuses(): { channels: Json; operations: Json } {
  const status = toMessage(
    "status",
    "A person's public status, with their conversations",
    statusMessageSchema,
  );
  const last = { status, absent: toMessage("absent", "Nothing is held (status 404): offline", null) };
  return {
    channels: {
      [STATUS]: {
        address: "presence.status.{userId}",
        servers,
        parameters: { userId },
        description: "Every public change. A message may repeat a version: memberships have changed.",
        messages: { status },
      },
      [LAST_STATUS]: {
        address: `$JS.API.DIRECT.GET.${STREAM_STATUS}.presence.set.{userId}`,
        servers,
        parameters: { userId },
        description: "The last status of a named user, by direct get.",
        messages: { get: toMessage("get", "An empty request", null) },
      },
      [answers(LAST_STATUS)]: { address: null, servers, messages: last },
    },
    operations: {
      [`send.${STATUS}`]: { action: "send", channel: channel(STATUS) },
      [`receive.${LAST_STATUS}`]: {
        action: "receive",
        channel: channel(LAST_STATUS),
        reply: { channel: channel(answers(LAST_STATUS)) },
      },
    },
  };
}

/**
 * Channels and operations by their keys in the document; each request has its answer, or the refusal, as a
 * reply.
 */
export function describeSubjects(): { channels: Json; operations: Json } {
  const { channels, operations } = describeStatuses();
  for (const subject of SERVICE_SUBJECTS) {
    const { request, answer } = SERVICE_REQUESTS[subject];
    channels[subject] = {
      address: subject,
      servers,
      messages: { request: toMessage("request", ASKS[subject], request) },
    };
    channels[answers(subject)] = {
      address: null,
      servers,
      messages: { answer: toMessage("answer", `The answer to ${subject}`, answer), refusal },
    };
    operations[`receive.${subject}`] = {
      action: "receive",
      channel: channel(subject),
      messages: [messageOf(subject, "request")],
      reply: { channel: channel(answers(subject)) },
    };
  }
  return { channels, operations };
}
