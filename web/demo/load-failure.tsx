"use client";

import { useSession } from "./session.tsx";

export function LoadFailure({ error, retry }: { error: Error; retry: () => void }) {
  const { texts } = useSession();
  return (
    <div role="alert" className="failure">
      <p>
        {texts.failed} {error.message}
      </p>
      <button type="button" className="button quiet" onClick={retry}>
        {texts.tryAgain}
      </button>
    </div>
  );
}
