import { PresenceError } from "@meeshy/shared/codes";
import { SERVICE_REQUESTS, type ServiceSubject } from "@meeshy/shared/service-requests";
import type { z } from "zod";
import type { People } from "../changes/people.ts";
import type { Limits } from "../limits/limits.ts";
import type { TouchActivity } from "../log/activity.ts";
import type { StatusReader } from "../status/status-reader.ts";

type Request<S extends ServiceSubject> = z.infer<(typeof SERVICE_REQUESTS)[S]["request"]>;
type Answer<S extends ServiceSubject> = z.infer<(typeof SERVICE_REQUESTS)[S]["answer"]>;
type Answers = { [S in ServiceSubject]: (request: Request<S>, service: string) => Promise<Answer<S>> };

export interface AnswerDeps {
  statuses: StatusReader;
  limits: Pick<Limits, "entriesOfService">;
  touch: TouchActivity;
  people: Pick<People, "availability" | "changes" | "accounts" | "keepSession">;
}

/** Carries out one request of a service: reads its payload, gives what it is answered, or rejects. */
export type AnswerRequest = (
  subject: ServiceSubject,
  payload: () => unknown,
  service: string,
) => Promise<unknown>;

const DONE = { success: true } as const;

/** The requests of CONTRACT 7. Who may make which is for the bus to say: its permissions name the subjects. */
export function createAnswers({ statuses, limits, touch, people }: AnswerDeps): AnswerRequest {
  const answers: Answers = {
    // A service only claims to act for a viewer, so no viewer is an administrator here, nor oneself.
    "presence.query": async ({ userIds, viewerId }, service) => {
      limits.entriesOfService(service, userIds.length);
      if (viewerId === undefined) return { users: await statuses.readAsSharer(userIds) };
      const viewer = { user: { id: viewerId }, isAdmin: false, isClaimed: true };
      return { users: await statuses.read(viewer, userIds) };
    },
    "presence.activity": async ({ userId }) => {
      touch(userId);
      return DONE;
    },
    "presence.availability": async ({ userId, source, ...wish }) => {
      await people.availability.claim(userId, source, wish);
      return DONE;
    },
    "presence.session": (request) => people.keepSession(request),
    // A hint: what has changed is read again from the directory.
    "presence.membership": async ({ userId }) => {
      await people.changes.announce(userId);
      return DONE;
    },
    "presence.account": async ({ userId, change }) => {
      await people.accounts.change(userId, change);
      return DONE;
    },
  };

  const answer = <S extends ServiceSubject>(subject: S, request: unknown, service: string) =>
    answers[subject](request as Request<S>, service);

  return async (subject, payload, service) => {
    const parsed = SERVICE_REQUESTS[subject].request.safeParse(read(payload));
    if (parsed.success) return answer(subject, parsed.data, service);
    throw new PresenceError("bad_request", "The request does not have the shape of this subject.", {
      details: parsed.error.issues.map(({ path, message }) => ({ path: path.join("."), message })),
    });
  };
}

function read(payload: () => unknown): unknown {
  try {
    return payload();
  } catch (cause) {
    throw new PresenceError("bad_request", "The request is not JSON.", { cause });
  }
}
