import { expect, it } from "vitest";
import { registerLocale, wordsOf } from "../../presence/locale.ts";
import { errorText, type Phrases, phrasesOf } from "../../presence/phrases.ts";

it("has words for the same failures in both languages, and the server's own for none", () => {
  const codes = Object.keys(phrasesOf("en").errors);
  expect(Object.keys(phrasesOf("fr").errors)).toEqual(codes);
  for (const code of codes) expect([code, errorText(code, "fr")]).not.toEqual([code, errorText(code, "en")]);
});

it.each(["a code of a later release", "", "toString", "__proto__", "constructor"])(
  "says of the code %j what it says of any fault",
  (code) => {
    expect(errorText(code)).toBe("Something went wrong. Try again.");
    expect(errorText(code, "fr")).toBe("Une erreur est survenue. Réessayez.");
  },
);

it("speaks a language that was registered, in its variants too, and English where that has no word", () => {
  const errors = { ...phrasesOf("en").errors, forbidden: "Das dürfen Sie nicht." };
  registerLocale("de", { ...wordsOf("en"), ...({ errors } as Pick<Phrases, "errors">) } as never);
  expect(errorText("forbidden", "de-AT")).toBe("Das dürfen Sie nicht.");
  expect(errorText("not_found", "de")).toBe("This was not found.");
  expect(phrasesOf("de").availability.busy).toBe("Busy");
  expect(errorText("forbidden", "xx")).toBe("You are not allowed to do this.");
});
