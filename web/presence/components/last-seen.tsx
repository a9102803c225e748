import type { RefObject } from "react";
import { useGivenPerson, usePersonView } from "../hooks.ts";
import type { PersonView } from "../person.ts";
import type { PresenceLike } from "../status.ts";
import type { Who } from "./online-indicator.tsx";
import { useVisibleWatch } from "./use-visible-watch.ts";

/** When a person was last there, in words; empty when that is not known, or hidden from this viewer. */
export function LastSeen(who: Who) {
  return "userId" in who ? <KnownLastSeen userId={who.userId} /> : <GivenLastSeen user={who.user} />;
}

function KnownLastSeen({ userId }: { userId: string }) {
  const element = useVisibleWatch(userId);
  return <Text view={usePersonView(userId)} element={element} />;
}

function GivenLastSeen({ user }: { user: PresenceLike }) {
  return <Text view={useGivenPerson(user)} />;
}

function Text({ view, element }: { view: PersonView; element?: RefObject<HTMLSpanElement | null> }) {
  return (
    <span
      ref={element as RefObject<HTMLSpanElement>}
      data-presence="last-seen"
      data-stale={view.stale || undefined}
    >
      {view.lastSeenText}
    </span>
  );
}
