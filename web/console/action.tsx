"use client";

import { type ReactNode, useContext, useId, useRef, useState } from "react";
import styles from "./action.module.css";
import { asFailure } from "./failure.ts";
import { timeText } from "./format.ts";
import { type Obstacles, ObstaclesContext, useConsole } from "./session.tsx";

interface ActionProps {
  /** on the button that opens the question, and on the one that confirms it */
  label: string;
  /** the question */
  question: string;
  /** what will happen */
  children: ReactNode;
  /** what it cannot do without */
  needs: keyof Obstacles;
  /** carries it out; gives what has happened */
  run: () => Promise<string>;
}

type Outcome = { isFailure: boolean; text: string; at: string };

/** A change: it asks first, says what will happen, and then what has happened. */
export function Action({ label, question, children, needs, run }: ActionProps) {
  const { clock } = useConsole();
  const obstacle = useContext(ObstaclesContext)[needs];
  const reasonId = useId();
  const titleId = useId();
  const dialog = useRef<HTMLDialogElement>(null);
  const [isRunning, setRunning] = useState(false);
  const [outcome, setOutcome] = useState<Outcome | null>(null);

  const conclude = (isFailure: boolean, text: string) => {
    const now = clock.now();
    setOutcome({ isFailure, text, at: timeText(new Date(now).toISOString(), now) });
  };
  const confirm = async () => {
    dialog.current?.close();
    setRunning(true);
    setOutcome(null);
    try {
      conclude(false, await run());
    } catch (error) {
      conclude(true, asFailure(error).message);
    }
    setRunning(false);
  };
  const isOff = obstacle !== null || isRunning;
  return (
    <div className={styles.action}>
      <button
        type="button"
        className={styles.open}
        aria-disabled={isOff || undefined}
        aria-describedby={obstacle === null ? undefined : reasonId}
        onClick={() => !isOff && dialog.current?.showModal()}
      >
        {isRunning ? `${label}…` : label}
      </button>
      {obstacle !== null && (
        <p id={reasonId} className={styles.reason}>
          Not possible now: {obstacle}
        </p>
      )}
      <div role="status" className={styles.outcome} data-failure={outcome?.isFailure}>
        {outcome && (
          <p>
            {outcome.isFailure && <strong>Failed. </strong>}
            {outcome.text} <span className={styles.at}>{outcome.at}</span>
          </p>
        )}
      </div>
      <dialog ref={dialog} className={styles.dialog} aria-labelledby={titleId}>
        <h3 id={titleId} className={styles.question}>
          {question}
        </h3>
        <div className={styles.consequence}>{children}</div>
        <div className={styles.buttons}>
          <button type="button" className={styles.cancel} onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="button" className={styles.confirm} onClick={confirm}>
            {label}
          </button>
        </div>
      </dialog>
    </div>
  );
}
