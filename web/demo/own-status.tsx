"use client";

import { type SyntheticEvent, useId, useState } from "react";
import { usePresenceClient } from "../presence/hooks.ts";
import { errorText, phrasesOf } from "../presence/phrases.ts";
import type { Availability } from "../presence/wire.ts";
import { formatShortly } from "./format.ts";
import { endOf, type OwnChoice } from "./own-choice.ts";
import styles from "./own-menu.module.css";
import { OwnMark } from "./person-text.tsx";
import { useSession } from "./session.tsx";
import type { Lasting } from "./texts.ts";
import { useOwnChoice } from "./use-own-choice.ts";

const CHOICES: readonly Availability[] = ["available", "busy", "dnd", "invisible"];
const LASTINGS: readonly Lasting[] = ["half-hour", "hour", "evening", "always"];
const TEXT_MAX = 140;

/** As what the person is shown: an availability holds at once, a text when it is saved. */
export function OwnStatus() {
  const { texts, locale } = useSession();
  const { clock } = usePresenceClient();
  const { choice, choose, failure } = useOwnChoice();
  const name = useId();
  const ends = choice.expiresAt === null ? undefined : Date.parse(choice.expiresAt);
  return (
    <>
      <fieldset className={styles.group}>
        <legend className="heading">{texts.own.availability}</legend>
        {CHOICES.map((availability) => (
          <label key={availability} className={styles.option}>
            <input
              type="radio"
              name={name}
              className={styles.radio}
              checked={choice.availability === availability}
              onChange={() => choose({ ...choice, availability })}
            />
            <span className={styles.mark}>
              <OwnMark availability={availability} />
            </span>
            <span className={styles.optionWords}>
              <span>{phrasesOf(locale).availability[availability]}</span>
              <span className={styles.hint}>{texts.own.meaning[availability]}</span>
            </span>
          </label>
        ))}
      </fieldset>
      <StatusText key={choice.statusText ?? ""} choice={choice} choose={choose} />
      {ends !== undefined && (
        <p className={styles.hint}>{texts.own.ends(formatShortly(ends, clock.now(), locale))}</p>
      )}
      {failure !== undefined && (
        <p role="alert" className="error-text">
          {errorText(failure, locale)}
        </p>
      )}
    </>
  );
}

interface StatusTextProps {
  choice: OwnChoice;
  choose: (wish: OwnChoice) => void;
}

function StatusText({ choice, choose }: StatusTextProps) {
  const { texts, presence } = useSession();
  const [text, setText] = useState(choice.statusText ?? "");
  const [lasting, setLasting] = useState<Lasting>("hour");
  const textId = useId();
  const lastingId = useId();
  const save = (event: SyntheticEvent) => {
    event.preventDefault();
    const statusText = text.trim() || null;
    const isPlain = statusText === null && choice.availability === "available";
    const expiresAt = isPlain ? null : endOf(lasting, presence.clock.now());
    choose({ ...choice, statusText, expiresAt });
  };
  const clear = () => {
    setText("");
    choose({ ...choice, statusText: null, expiresAt: null });
  };
  return (
    <form className={styles.group} onSubmit={save}>
      <label className="heading" htmlFor={textId}>
        {texts.own.textLabel}
      </label>
      <input
        id={textId}
        className="field"
        value={text}
        maxLength={TEXT_MAX}
        autoComplete="off"
        placeholder={texts.own.textPlaceholder}
        onChange={(event) => setText(event.target.value)}
      />
      <div className={styles.lasting}>
        <label htmlFor={lastingId}>{texts.own.lasting}</label>
        <select
          id={lastingId}
          className="field"
          value={lasting}
          onChange={(event) => setLasting(event.target.value as Lasting)}
        >
          {LASTINGS.map((one) => (
            <option key={one} value={one}>
              {texts.own.lastings[one]}
            </option>
          ))}
        </select>
      </div>
      <div className={styles.actions}>
        <button
          type="submit"
          className="button"
          disabled={text.trim() === "" && choice.availability === "available"}
        >
          {texts.own.save}
        </button>
        {choice.statusText !== null && (
          <button type="button" className="button quiet" onClick={clear}>
            {texts.own.clear}
          </button>
        )}
      </div>
    </form>
  );
}
