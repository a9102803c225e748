"use client";

import type { ReactNode } from "react";
import { chooseLocale, useLocale } from "./locale.ts";
import { TEXTS } from "./texts.ts";
import styles from "./top-bar.module.css";

/** The page's name, what `children` add about the person and the connection, and the switch of language. */
export function TopBar({ children }: { children?: ReactNode }) {
  const locale = useLocale();
  const other = locale === "en" ? "fr" : "en";
  const texts = TEXTS[locale];
  return (
    <header className={styles.bar}>
      <h1 className={styles.name}>
        <svg className={styles.logo} viewBox="0 0 32 32" aria-hidden="true">
          <rect width="32" height="32" rx="9" />
          <path d="M8 23V10.5l8 8 8-8V23" />
          <circle cx="25" cy="25" r="6" />
        </svg>
        <span className={styles.words}>
          Meeshy <span className={styles.part}>presence</span>
        </span>
      </h1>
      <button type="button" className={styles.language} lang={other} onClick={() => chooseLocale(other)}>
        <span className="hidden-when-narrow">{texts.otherLanguage}</span>
        <span className={styles.short} aria-hidden="true">
          {texts.otherLanguageShort}
        </span>
      </button>
      {children}
    </header>
  );
}
