"use client";

import { StatusDot } from "../presence/components/status-dot.tsx";
import styles from "./sign-in.module.css";
import type { Texts } from "./texts.ts";
import { TokenForm } from "./token-form.tsx";
import { TopBar } from "./top-bar.tsx";

export function SignIn({ texts, onToken }: { texts: Texts; onToken: (token: string) => void }) {
  return (
    <>
      <TopBar />
      <main className={styles.page}>
        <p className={styles.tagline}>
          <StatusDot status="online" /> {texts.tagline}
        </p>
        <section className={styles.card} aria-labelledby="sign-in">
          <h2 id="sign-in" className={styles.title}>
            {texts.signInTitle}
          </h2>
          <p className={styles.how}>{texts.signInHow}</p>
          <TokenForm texts={texts} onToken={onToken} />
        </section>
      </main>
    </>
  );
}
