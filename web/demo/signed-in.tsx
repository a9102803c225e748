"use client";

import { useEffect, useMemo, useState } from "react";
import type { Locale } from "../presence/locale.ts";
import { PresenceProvider } from "../presence/provider.tsx";
import { createPresence, type Presence } from "../presence/socket.ts";
import { createApi } from "./api.ts";
import { ConnectionBar } from "./connection-bar.tsx";
import { SessionContext } from "./session.tsx";
import { TEXTS } from "./texts.ts";
import { storeToken } from "./token.ts";
import { Workspace } from "./workspace.tsx";

/** Connects for as long as it is on the page, and leaves when it goes. */
export function SignedIn({ token, locale }: { token: string; locale: Locale }) {
  const api = useMemo(() => createApi(token), [token]);
  const [presence, setPresence] = useState<Presence>();
  useEffect(() => {
    const created = createPresence({ credentials: { token }, device: "web" });
    setPresence(created);
    return () => created.leave();
  }, [token]);

  if (presence === undefined) return null;
  const session = { api, presence, texts: TEXTS[locale], locale, signOut: () => storeToken(null) };
  return (
    <SessionContext value={session}>
      <PresenceProvider presence={presence} locale={locale}>
        <ConnectionBar />
        <Workspace />
      </PresenceProvider>
    </SessionContext>
  );
}
