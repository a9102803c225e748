import type { ReactNode } from "react";
import styles from "./console.module.css";
import type { ConsoleError } from "./failure.ts";
import { durationText } from "./format.ts";
import type { Polled } from "./use-polled.ts";

/** What is wrong with the answers of a view, above the last known: never instead of it. */
export function StaleNotice({ polled: { failure, at, refresh } }: { polled: Polled<unknown> }) {
  if (failure === undefined) return null;
  const known =
    at === undefined
      ? "Nothing was read yet."
      : `Shown is what was known ${durationText(Date.now() - at)} ago.`;
  return (
    <Notice>
      <p role="alert">{failureText(failure)}</p>
      <p>
        {known} It is tried again by itself.{" "}
        <button type="button" className={styles.inline} onClick={refresh}>
          Try now
        </button>
      </p>
    </Notice>
  );
}

export function Notice({ children }: { children: ReactNode }) {
  return <div className={styles.notice}>{children}</div>;
}

const failureText = ({ kind, message }: ConsoleError): string =>
  kind === "not-found" ? `${message} It may be of an earlier release, without this part.` : message;
