"use client";

import { useCallback, useState } from "react";
import type { Preferences } from "./api.ts";
import { codeOf } from "./load-failure.tsx";
import { useSession } from "./session.tsx";
import { useLoaded } from "./use-loaded.ts";

/** Who sees what of the person: a change is shown at once, and taken back when the server refuses it. */
export function usePreferences() {
  const { api } = useSession();
  const load = useCallback(() => api.preferences(), [api]);
  const { data, error, retry } = useLoaded(load);
  const [wished, setWished] = useState<Partial<Preferences>>({});
  const [failure, setFailure] = useState<string>();
  const change = async (name: keyof Preferences, value: boolean) => {
    setFailure(undefined);
    setWished((before) => ({ ...before, [name]: value }));
    try {
      await api.setPreferences({ [name]: value });
    } catch (error) {
      setWished((before) => ({ ...before, [name]: !value }));
      setFailure(codeOf(error));
    }
  };
  return { preferences: data && { ...data, ...wished }, error, retry, change, failure };
}
