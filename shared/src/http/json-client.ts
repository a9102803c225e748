import { setTimeout as pause } from "node:timers/promises";
import { createGate } from "../nats/gate.ts";

/** Asks another application for JSON: bounded in time, size and number of questions at once. */
export interface JsonClient {
  /**
   * The answer's body; `undefined` when there is no such thing (404, 410). Rejects when the application fails twice.
   * The application is asked every time, since a change that it has announced must be seen at once; an `ETag` saves
   * the body.
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

/** The application said no, and would say it again. */
class Refused extends Error {}

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
    const said = `${path.split("/")[1]} is answered with ${answer.status}`;
    throw answer.status >= 500 || answer.status === 429 ? new Error(said) : new Refused(said);
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
    const body = await readJson(answer);
    keep(path, answer.headers.get("etag"), body);
    return body;
  };

  const postOnce = async (path: string, question: object): Promise<unknown> => {
    const headers = { "content-type": "application/json" };
    const answer = await ask(path, { method: "POST", headers, body: JSON.stringify(question) });
    if (GONE.includes(answer.status)) return void (await answer.body?.cancel());
    return readJson(answer);
  };

  /** Who has waited for a turn longer than an answer may take has nobody left who waits for them. */
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
      if (attempt === ATTEMPTS || error instanceof Refused) throw error;
      await pause(RETRY_AFTER_MS);
    }
  }
}

async function readJson(answer: Response): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) throw new Refused(`an answer of more than ${BODY_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
