"use client";

import { type ReactNode, useMemo } from "react";
import { usePresenceClient } from "../presence/hooks.ts";
import { PresenceProvider } from "../presence/provider.tsx";
import { createApi } from "./api.ts";
import { ConnectionBar } from "./connection-bar.tsx";
import type { Language } from "./locale.ts";
import { SessionContext } from "./session.tsx";
import { TEXTS } from "./texts.ts";
import { storeToken } from "./token.ts";
import { Workspace } from "./workspace.tsx";

/** Connects for as long as it is on the page, and leaves when it goes. */
export function SignedIn({ token, locale }: { token: string; locale: Language }) {
  return (
    <PresenceProvider token={token} device="web" locale={locale}>
      <Session locale={locale}>
        <ConnectionBar />
        <Workspace />
      </Session>
    </PresenceProvider>
  );
}

function Session({ locale, children }: { locale: Language; children: ReactNode }) {
  const presence = usePresenceClient();
  const session = useMemo(
    () => ({
      api: createApi(presence.request),
      presence,
      texts: TEXTS[locale],
      locale,
      signOut: () => storeToken(null),
    }),
    [presence, locale],
  );
  return <SessionContext value={session}>{children}</SessionContext>;
}
