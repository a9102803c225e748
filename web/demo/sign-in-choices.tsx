"use client";

import { Initials } from "./avatar.tsx";
import type { DemoPerson } from "./demo-people.ts";
import styles from "./sign-in.module.css";
import type { Texts } from "./texts.ts";
import { storePerson, storeToken } from "./token.ts";
import { TokenForm } from "./token-form.tsx";

interface SignInChoicesProps {
  texts: Texts;
  /** undefined: not known yet */
  people: readonly DemoPerson[] | undefined;
  /** where a token has just failed, the way to a new one is open */
  showsTokenForm?: boolean;
}

/** A button for each person of the demo, and the form for a token. */
export function SignInChoices({ texts, people, showsTokenForm = false }: SignInChoicesProps) {
  if (people === undefined) return <div className={styles.waiting} aria-busy="true" />;
  if (people.length === 0) return <TokenForm texts={texts} onToken={storeToken} />;
  return (
    <>
      <ul className={styles.people}>
        {people.map((person) => (
          <li key={person.id}>
            <button type="button" className={styles.person} onClick={() => storePerson(person)}>
              <Initials userId={person.id} name={person.name} />
              {texts.continueAs(person.name)}
              <span className={styles.arrow} aria-hidden="true">
                →
              </span>
            </button>
          </li>
        ))}
      </ul>
      <details className={styles.more} open={showsTokenForm}>
        <summary>{texts.withToken}</summary>
        <TokenForm texts={texts} onToken={storeToken} />
      </details>
    </>
  );
}
