"use client";

import { useEffect, useState } from "react";
import styles from "./sign-in.module.css";
import { SignInChoices } from "./sign-in-choices.tsx";
import type { Texts } from "./texts.ts";
import { storePerson, takeWantedPerson } from "./token.ts";
import { TopBar } from "./top-bar.tsx";
import { useDemoPeople } from "./use-demo-people.ts";

/** The first screen: who to be, and what to try. */
export function SignIn({ texts }: { texts: Texts }) {
  const people = useDemoPeople();
  const [unknown, setUnknown] = useState<string>();
  useEffect(() => {
    if (people === undefined) return;
    const wanted = takeWantedPerson();
    const person = people.find(({ id }) => id === wanted);
    if (person) storePerson(person);
    else if (wanted !== null) setUnknown(wanted);
  }, [people]);
  return (
    <>
      <TopBar />
      <main className={styles.page}>
        <p className={styles.tagline}>{texts.tagline}</p>
        <section className={styles.card} aria-labelledby="sign-in">
          <h2 id="sign-in" className={styles.title}>
            {texts.signInTitle}
          </h2>
          <p className={styles.how}>{people?.length === 0 ? texts.signInByTokenHow : texts.signInHow}</p>
          {unknown !== undefined && (
            <p role="alert" className="error-text">
              {texts.unknownPerson(unknown)}
            </p>
          )}
          <SignInChoices texts={texts} people={people} />
        </section>
      </main>
    </>
  );
}
