import { setTimeout as pause } from "node:timers/promises";
import { createGate } from "../nats/gate.ts";
import { AnswerTooLarge, readJson } from "./read-json.ts";

/** Asks another application for JSON: bounded in time, size and number of questions at once. */
export interface JsonClient {
  /**
   * The answer's body; `undefined` when there is no such thing (404, 410). `path`: behind the base address,
   * with its slash. The application is asked every time, since a change that it has announced must be seen at
   * once; an `ETag` saves the body.
   * @throws {Error} two attempts failed (no answer in time, 5xx, 429, no JSON), or one was refused: another
   *   4xx, more than 8 MiB, no turn among 64 questions within the time of two attempts
   */
  get(path: string): Promise<unknown>;
  /** As `get`, for questions that must not be in an address; never kept. */
  post(path: string, question: object): Promise<unknown>;
}

export interface JsonClientOptions {
  baseUrl: string;
  /** sent as `Authorization: Bearer` */
  token: string | undefined;
  /** for one attempt, in ms; there are two */
  timeoutMs: number;
}

const ATTEMPTS = 2;
const RETRY_AFTER_MS = 50;
const QUESTIONS_AT_ONCE = 64;
const ANSWERS_KEPT = 20_000;
const BODY_MAX_BYTES = 8 * 1024 * 1024;
const GONE = [404, 410];

/** The application refused, and would refuse again. */
class Refused extends Error {}

/** Opens nothing before the first question. A redirect counts as a failure. */
export function createJsonClient({ baseUrl, token, timeoutMs }: JsonClientOptions): JsonClient {
  const base = baseUrl.replace(/\/+$/, "");
  const gate = createGate(QUESTIONS_AT_ONCE);
  /** Answers with a tag, by address, the one used longest ago first. */
  const tagged = new Map<string, { etag: string; body: unknown }>();
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };

  const ask = async (path: string, init: RequestInit): Promise<Response> => {
    const answer = await fetch(base + path, {
      ...init,
      headers: { accept: "application/json", ...authorization, ...init.headers },
      signal: AbortSignal.timeout(timeoutMs),
      redirect: "error",
    });
    if (answer.ok || answer.status === 304 || GONE.includes(answer.status)) return answer;
    await answer.body?.cancel();
    const message = `${path.split("/")[1]} is answered with ${answer.status}`;
    throw answer.status >= 500 || answer.status === 429 ? new Error(message) : new Refused(message);
  };

  const keep = (path: string, etag: string | null, body: unknown): void => {
    tagged.delete(path);
    if (etag === null) return;
    tagged.set(path, { etag, body });
    const [oldest] = tagged.keys();
    if (tagged.size > ANSWERS_KEPT && oldest !== undefined) tagged.delete(oldest);
  };

  const getOnce = async (path: string): Promise<unknown> => {
    const known = tagged.get(path);
    const answer = await ask(path, { headers: known ? { "if-none-match": known.etag } : {} });
    if (known && answer.status === 304) {
      keep(path, known.etag, known.body);
      return known.body;
    }
    if (GONE.includes(answer.status)) {
      tagged.delete(path);
      return void (await answer.body?.cancel());
    }
    const body = await readJson(answer, BODY_MAX_BYTES);
    keep(path, answer.headers.get("etag"), body);
    return body;
  };

  const postOnce = async (path: string, question: object): Promise<unknown> => {
    const headers = { "content-type": "application/json" };
    const answer = await ask(path, { method: "POST", headers, body: JSON.stringify(question) });
    if (GONE.includes(answer.status)) return void (await answer.body?.cancel());
    return readJson(answer, BODY_MAX_BYTES);
  };

  /** A request that has waited for its turn longer than an answer may take has no caller any more. */
  const inTurn = (work: () => Promise<unknown>): Promise<unknown> => {
    const deadline = performance.now() + ATTEMPTS * timeoutMs;
    return gate.run(() => {
      if (performance.now() > deadline) throw new Refused("the application is too slow for what it is asked");
      return twice(work);
    });
  };

  return {
    get: (path) => inTurn(() => getOnce(path)),
    post: (path, question) => inTurn(() => postOnce(path, question)),
  };
}

async function twice<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === ATTEMPTS || error instanceof Refused || error instanceof AnswerTooLarge) throw error;
      await pause(RETRY_AFTER_MS);
    }
  }
}
