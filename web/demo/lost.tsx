"use client";

import { useLocale } from "./locale.ts";
import styles from "./notice.module.css";
import { TEXTS } from "./texts.ts";
import { TopBar } from "./top-bar.tsx";

/** The page for an address that leads nowhere. */
export function Lost() {
  const locale = useLocale();
  const { title, advice, back } = TEXTS[locale].lost;
  return (
    <>
      <TopBar />
      <main className={styles.page} lang={locale}>
        <section className={styles.card} aria-labelledby="lost">
          <div>
            <h2 id="lost" className={styles.title}>
              {title}
            </h2>
            <p>{advice}</p>
          </div>
          <a className="button" href="/">
            {back}
          </a>
        </section>
      </main>
    </>
  );
}
