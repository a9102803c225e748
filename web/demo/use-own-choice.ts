"use client";

import { useEffect, useRef, useState } from "react";
import { useSelf } from "../presence/hooks.ts";
import type { Choices } from "../presence/wire.ts";
import { codeOf } from "./load-failure.tsx";
import { afterChoice, type OwnChoice, planChoice, strongestChoice } from "./own-choice.ts";
import { useSession } from "./session.tsx";

/**
 * The person's strongest choice, and how to replace it. What is chosen is shown at once, and taken back when the server
 * refuses it; one change follows the other.
 */
export function useOwnChoice() {
  const { presence } = useSession();
  const choices = useSelf()?.choices;
  const [expected, setExpected] = useState<Choices>();
  const [failure, setFailure] = useState<string>();
  const underWay = useRef(0);
  const last = useRef<Promise<void>>(Promise.resolve());

  // The server's word counts as soon as it can know of every change made here.
  useEffect(() => {
    if (choices !== undefined && underWay.current === 0) setExpected(undefined);
  }, [choices]);

  const now = expected ?? choices;
  const choose = (wish: OwnChoice) => {
    const steps = planChoice(now, wish);
    setFailure(undefined);
    setExpected(afterChoice(now, wish));
    underWay.current += 1;
    last.current = last.current.then(async () => {
      try {
        for (const step of steps) {
          await (step === "end" ? presence.clearAvailability() : presence.setAvailability(step.set));
        }
      } catch (error) {
        setFailure(codeOf(error));
        setExpected(undefined);
      } finally {
        underWay.current -= 1;
      }
    });
  };
  return { choice: strongestChoice(now), choose, failure };
}
