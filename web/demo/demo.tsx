"use client";

import { useEffect } from "react";
import { useLocale } from "./locale.ts";
import { SignIn } from "./sign-in.tsx";
import { SignedIn } from "./signed-in.tsx";
import { TEXTS } from "./texts.ts";
import { adoptAddress, credentialOf, useToken } from "./token.ts";

/** The whole page: signed out or signed in. */
export function Demo() {
  const token = useToken();
  const locale = useLocale();
  useEffect(adoptAddress, []);
  useEffect(() => {
    document.documentElement.lang = locale;
  }, [locale]);
  if (token === undefined) return null;
  if (token === null) return <SignIn texts={TEXTS[locale]} />;
  // A new token is a new person: nothing of the last one's page may stay.
  return <SignedIn key={token} credential={credentialOf(token)} locale={locale} />;
}
