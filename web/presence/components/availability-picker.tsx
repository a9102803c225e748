import { useId, useState } from "react";
import { useSelf } from "../hooks.ts";
import { errorText, phrasesOf } from "../phrases.ts";
import { usePresenceContext } from "../provider.tsx";
import type { Availability } from "../wire.ts";

const CHOICES: readonly Availability[] = ["available", "busy", "dnd", "invisible"];

/** Lets the person choose what they are shown as, until they choose something else. */
export function AvailabilityPicker() {
  const { locale } = usePresenceContext();
  const self = useSelf();
  const id = useId();
  const [failure, setFailure] = useState<string>();
  const words = phrasesOf(locale);
  const standing = self?.choices?.standing;
  const choose = (availability: Availability) => {
    setFailure(undefined);
    self
      ?.setAvailability({ availability, statusText: standing?.statusText ?? null })
      .catch((error: { code?: string }) => setFailure(error.code ?? "internal"));
  };
  return (
    <span data-presence="availability">
      <label htmlFor={id}>{words.availabilityLabel}</label>
      <select
        id={id}
        disabled={self === null}
        value={standing?.availability ?? "available"}
        onChange={({ currentTarget }) => choose(currentTarget.value as Availability)}
      >
        {CHOICES.map((choice) => (
          <option key={choice} value={choice}>
            {words.availability[choice]}
          </option>
        ))}
      </select>
      {failure !== undefined && (
        <span role="alert" data-presence="error">
          {errorText(failure, locale)}
        </span>
      )}
    </span>
  );
}
