"use client";

import { type ReactNode, useMemo } from "react";
import { usePresenceClient } from "../presence/hooks.ts";
import { PresenceProvider } from "../presence/provider.tsx";
import { createApi } from "./api.ts";
import { ConnectionChip } from "./connection-chip.tsx";
import { ConnectionNotice } from "./connection-notice.tsx";
import { deviceName } from "./device-name.ts";
import type { Language } from "./locale.ts";
import { OwnMenu } from "./own-menu.tsx";
import { resetRoute } from "./route.ts";
import { SessionContext } from "./session.tsx";
import { TEXTS } from "./texts.ts";
import { type credentialOf, storeToken } from "./token.ts";
import { TopBar } from "./top-bar.tsx";
import { Workspace } from "./workspace.tsx";

interface SignedInProps {
  credential: ReturnType<typeof credentialOf>;
  locale: Language;
}

/** Connects for as long as it is on the page, and leaves when it goes. */
export function SignedIn({ credential, locale }: SignedInProps) {
  return (
    <PresenceProvider {...credential} device={deviceName(navigator.userAgent)} locale={locale}>
      <Session locale={locale}>
        <TopBar>
          <ConnectionChip />
          <OwnMenu />
        </TopBar>
        <Workspace />
        <ConnectionNotice />
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
      signOut() {
        resetRoute();
        storeToken(null);
      },
    }),
    [presence, locale],
  );
  return <SessionContext value={session}>{children}</SessionContext>;
}
