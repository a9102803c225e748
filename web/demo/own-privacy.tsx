"use client";

import { errorText } from "../presence/phrases.ts";
import { codeOf, LoadFailure } from "./load-failure.tsx";
import styles from "./own-menu.module.css";
import { useSession } from "./session.tsx";
import type { usePreferences } from "./use-preferences.ts";

const SWITCHES = ["showOnlineStatus", "showLastSeen"] as const;

/** Who sees what of the person. */
export function OwnPrivacy({
  preferences,
  error,
  retry,
  change,
  failure,
}: ReturnType<typeof usePreferences>) {
  const { texts, locale } = useSession();
  return (
    <fieldset className={styles.group}>
      <legend className="heading">{texts.own.privacy}</legend>
      {error !== undefined && preferences === undefined && <LoadFailure code={codeOf(error)} retry={retry} />}
      {SWITCHES.map((name) => (
        <label key={name} className={styles.option}>
          <span className={styles.optionWords}>{texts.own[name]}</span>
          <input
            type="checkbox"
            role="switch"
            aria-checked={preferences?.[name] ?? false}
            className={styles.switch}
            disabled={preferences === undefined}
            checked={preferences?.[name] ?? false}
            onChange={(event) => change(name, event.target.checked)}
          />
        </label>
      ))}
      {failure !== undefined && (
        <p role="alert" className="error-text">
          {errorText(failure, locale)}
        </p>
      )}
    </fieldset>
  );
}
