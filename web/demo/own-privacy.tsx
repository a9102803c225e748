"use client";

import { useCallback, useState } from "react";
import { errorText } from "../presence/phrases.ts";
import type { Preferences } from "./api.ts";
import { codeOf, LoadFailure } from "./load-failure.tsx";
import styles from "./own-menu.module.css";
import { useSession } from "./session.tsx";
import { useLoaded } from "./use-loaded.ts";

/** Who sees what of the person. */
export function OwnPrivacy() {
  const { api, texts } = useSession();
  const load = useCallback(() => api.preferences(), [api]);
  const { data, error, retry } = useLoaded(load);
  return (
    <fieldset className={styles.group}>
      <legend className="heading">{texts.own.privacy}</legend>
      {error !== undefined && data === undefined && <LoadFailure code={codeOf(error)} retry={retry} />}
      <Switches stored={data} onChanged={retry} />
    </fieldset>
  );
}

const SWITCHES = ["showOnlineStatus", "showLastSeen"] as const;

function Switches({ stored, onChanged }: { stored: Preferences | undefined; onChanged: () => void }) {
  const { api, texts, locale } = useSession();
  const [wished, setWished] = useState<Partial<Preferences>>({});
  const [failure, setFailure] = useState<string>();
  const change = async (name: keyof Preferences, value: boolean) => {
    setFailure(undefined);
    setWished((before) => ({ ...before, [name]: value }));
    try {
      await api.setPreferences({ [name]: value });
      onChanged();
    } catch (error) {
      setWished((before) => ({ ...before, [name]: !value }));
      setFailure(codeOf(error));
    }
  };
  return (
    <>
      {SWITCHES.map((name) => (
        <label key={name} className={styles.option}>
          <span className={styles.optionWords}>{texts.own[name]}</span>
          <input
            type="checkbox"
            role="switch"
            aria-checked={wished[name] ?? stored?.[name] ?? false}
            className={styles.switch}
            disabled={stored === undefined}
            checked={wished[name] ?? stored?.[name] ?? false}
            onChange={(event) => change(name, event.target.checked)}
          />
        </label>
      ))}
      {failure !== undefined && (
        <p role="alert" className="error-text">
          {errorText(failure, locale)}
        </p>
      )}
    </>
  );
}
