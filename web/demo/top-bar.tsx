"use client";

import type { ReactNode } from "react";
import { chooseLocale, useLocale } from "./locale.ts";
import { TEXTS } from "./texts.ts";
import styles from "./top-bar.module.css";

/** The page's name, what `children` add about the connection, and the switch of language. */
export function TopBar({ children }: { children?: ReactNode }) {
  const locale = useLocale();
  const other = locale === "en" ? "fr" : "en";
  return (
    <header className={styles.bar}>
      <h1 className={styles.name}>
        Meeshy <span className={styles.part}>presence</span>
      </h1>
      {children}
      <button type="button" className={styles.language} lang={other} onClick={() => chooseLocale(other)}>
        {TEXTS[locale].otherLanguage}
      </button>
    </header>
  );
}
