"use client";

import { useCallback, useEffect, useRef, useState } from "react";
import { asFailure, type ConsoleError, isTokenRefused } from "./failure.ts";

export interface Polled<T> {
  /** the last answer; kept while newer ones fail or are on their way */
  data: T | undefined;
  /** when it came, ms since 1970 by the operator's clock */
  at: number | undefined;
  /** of the last attempt; undefined: it had an answer */
  failure: ConsoleError | undefined;
  /** whether `data` answers the present question, and not the one before */
  isCurrent: boolean;
  /** Asks now. */
  refresh: () => void;
}

interface Answer<T> {
  question: () => Promise<T>;
  data?: T;
  at?: number;
  failure?: ConsoleError;
}

const SLOWEST_MS = 10_000;

/** The pause after this many failures in a row, ms: twice as long each time. */
export const pauseAfter = (failures: number, everyMs: number): number =>
  Math.min(everyMs * 2 ** failures, Math.max(SLOWEST_MS, everyMs));

/**
 * Asks `question` every `everyMs` milliseconds while the page is visible, at once when it becomes visible, and less
 * often while it fails. `question` must be stable: a new function is a new question.
 */
export function usePolled<T>(question: () => Promise<T>, everyMs: number): Polled<T> {
  const [answer, setAnswer] = useState<Answer<T>>({ question });
  const askNow = useRef(() => {});

  useEffect(() => {
    let isOver = false;
    let failures = 0;
    let round = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;

    const ask = async () => {
      clearTimeout(timer);
      if (document.hidden) return;
      const own = ++round;
      const isLate = () => isOver || own !== round;
      try {
        const data = await question();
        if (isLate()) return;
        failures = 0;
        setAnswer({ question, data, at: Date.now() });
      } catch (error) {
        if (isLate()) return;
        failures++;
        const failure = asFailure(error);
        setAnswer((last) => ({ ...last, question, failure }));
        if (isTokenRefused(failure)) return;
      }
      timer = setTimeout(ask, pauseAfter(failures, everyMs));
    };

    const onVisible = () => {
      if (!document.hidden) void ask();
    };
    askNow.current = () => void ask();
    void ask();
    document.addEventListener("visibilitychange", onVisible);
    window.addEventListener("online", onVisible);
    return () => {
      isOver = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onVisible);
      window.removeEventListener("online", onVisible);
    };
  }, [question, everyMs]);

  return {
    data: answer.data,
    at: answer.at,
    failure: answer.question === question ? answer.failure : undefined,
    isCurrent: answer.question === question && answer.data !== undefined,
    refresh: useCallback(() => askNow.current(), []),
  };
}
