"use client";

import { useCallback, useEffect, useMemo, useState } from "react";
import { createApi } from "./api.ts";
import styles from "./console.module.css";
import { type ConsoleError, isTokenRefused } from "./failure.ts";
import { createLiveFeed } from "./live-feed.ts";
import { createServerClock } from "./server-clock.ts";
import { ConsoleContext } from "./session.tsx";
import { SignIn } from "./sign-in.tsx";
import { storeToken, useToken } from "./token.ts";
import { Workspace } from "./workspace.tsx";

/** The operators' console: signed out or signed in. */
export function Console() {
  const token = useToken();
  const [refusal, setRefusal] = useState<string | null>(null);
  const signIn = (accepted: string) => {
    setRefusal(null);
    storeToken(accepted);
  };
  const refuse = useCallback((failure: ConsoleError) => {
    setRefusal(failure.message);
    storeToken(null);
  }, []);
  return (
    <div className={styles.console}>
      {token === null && <SignIn refusal={refusal} onToken={signIn} />}
      {token && <SignedIn key={token} token={token} onRefused={refuse} />}
    </div>
  );
}

function SignedIn({ token, onRefused }: { token: string; onRefused: (failure: ConsoleError) => void }) {
  const session = useMemo(() => {
    const clock = createServerClock();
    const api = createApi({
      token,
      call: (...request) => fetch(...request),
      onDate: clock.sync,
      onFailure: (failure) => {
        if (isTokenRefused(failure)) onRefused(failure);
      },
    });
    const live = createLiveFeed(api, Date.now);
    return {
      api,
      clock,
      live,
      names: new Map<string, string>(),
      list: { address: "#/people" },
      signOut: () => storeToken(null),
    };
  }, [token, onRefused]);
  useEffect(() => session.live.stop, [session]);
  return (
    <ConsoleContext value={session}>
      <Workspace />
    </ConsoleContext>
  );
}
