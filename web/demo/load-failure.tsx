"use client";

import { errorText } from "../presence/phrases.ts";
import { useSession } from "./session.tsx";

/** What could not be loaded, in the person's language; without `retry` it is tried again by itself. */
export function LoadFailure({ code, retry }: { code: string; retry?: () => void }) {
  const { texts, locale } = useSession();
  return (
    <div role="alert" className="failure">
      <p>
        {texts.failed} {errorText(code, locale)}
        {retry === undefined && ` ${texts.retrying}`}
      </p>
      {retry && (
        <button type="button" className="button quiet" onClick={retry}>
          {texts.tryAgain}
        </button>
      )}
    </div>
  );
}

/** The code of a failure of any kind. */
export const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "unavailable";
