import { eventsIn } from "./event-stream.ts";
import { asFailure, type ConsoleError, failureOf } from "./failure.ts";
import type {
  Explanation,
  LiveTransition,
  PeopleFilter,
  PeoplePage,
  Processes,
  Readiness,
  Stats,
} from "./wire.ts";

export interface PeopleQuestion {
  /** null: everyone */
  state: PeopleFilter | null;
  /** a part of a name or id; empty: any */
  search: string;
  /** null: the first page */
  cursor: string | null;
}

/** The administrators' routes (CONTRACT 5). Everything rejects with a `ConsoleError`. */
export interface ConsoleApi {
  stats(): Promise<Stats>;
  /** Whether the gateway that serves this page is ready, and why not. */
  readiness(): Promise<Readiness>;
  processes(): Promise<Processes>;
  /** Resolves if the database answers this gateway. */
  askDatabase(): Promise<unknown>;
  people(question: PeopleQuestion): Promise<PeoplePage>;
  explain(userId: string): Promise<Explanation>;
  disconnect(userId: string): Promise<{ disconnected: number }>;
  cleanUp(): Promise<{ examined: number; cleaned: number }>;
  /** Transitions as they happen, until `signal` aborts or the stream ends. `onOpen` is called once it is open. */
  transitions(
    onTransition: (transition: LiveTransition) => void,
    onOpen: () => void,
    signal: AbortSignal,
  ): Promise<void>;
}

const PAGE_SIZE = 50;

/** A clean-up may take 4 s, an order to disconnect 2 s. */
const ANSWER_MS = 10_000;
/** The stream sends at least a comment every 15 s. */
const SILENCE_MS = 45_000;

interface Deps {
  token: string;
  call: typeof fetch;
  /** hears the `Date` of each answer */
  onDate?: (date: string) => void;
  /** hears of each failure, before the request rejects */
  onFailure?: (failure: ConsoleError) => void;
}

export function createApi({ token, call, onDate, onFailure }: Deps): ConsoleApi {
  const segment = encodeURIComponent;
  const fail = (error: unknown): ConsoleError => {
    const failure = asFailure(error);
    onFailure?.(failure);
    return failure;
  };
  const open = async (path: string, method: string, signal: AbortSignal): Promise<Response> => {
    const answer = await call(path, {
      method,
      signal,
      cache: "no-store",
      // What the console reads by itself is no activity of the administrator.
      headers: { authorization: `Bearer ${token}`, "x-presence-passive": "1" },
    });
    const date = answer.headers.get("date");
    if (date !== null) onDate?.(date);
    return answer;
  };

  const ask = async <T>(path: string, method = "GET", isAnswer = isOk): Promise<T> => {
    try {
      const answer = await open(path, method, AbortSignal.timeout(ANSWER_MS));
      const body: unknown = await answer.json().catch(() => null);
      if (!isAnswer(answer)) throw failureOf(answer.status, body);
      return body as T;
    } catch (error) {
      throw fail(error);
    }
  };

  return {
    stats: () => ask("/api/admin/maintenance/stats"),
    readiness: () => ask("/health/ready", "GET", ({ ok, status }) => ok || status === 503),
    processes: () => ask("/api/admin/partitions"),
    askDatabase: () => ask("/api/admin/users?limit=1"),
    people: (question) => ask(`/api/admin/users?${queryOf(question)}`),
    explain: (userId) => ask(`/api/admin/users/${segment(userId)}/presence`),
    disconnect: (userId) => ask(`/api/admin/users/${segment(userId)}/disconnect`, "POST"),
    cleanUp: () => ask("/api/admin/maintenance/cleanup-zombies", "POST"),
    async transitions(onTransition, onOpen, signal) {
      try {
        const answer = await open("/api/admin/transitions", "GET", signal);
        if (!answer.ok || !answer.body) throw failureOf(answer.status, await answer.json().catch(() => null));
        onOpen();
        for await (const { event, data } of eventsIn(answer.body, SILENCE_MS)) {
          if (event === "transition") onTransition(JSON.parse(data) as LiveTransition);
        }
      } catch (error) {
        throw fail(error);
      }
    },
  };
}

const isOk = ({ ok }: Response): boolean => ok;

function queryOf({ state, search, cursor }: PeopleQuestion): string {
  const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
  if (state !== null) query.set("state", state);
  if (search !== "") query.set("q", search);
  if (cursor !== null) query.set("cursor", cursor);
  return query.toString();
}
