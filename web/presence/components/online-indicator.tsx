import type { RefObject } from "react";
import { useGivenPerson, usePersonView } from "../hooks.ts";
import { wordsOf } from "../locale.ts";
import type { PersonView } from "../person.ts";
import { usePresenceContext } from "../provider.tsx";
import type { PresenceLike } from "../status.ts";
import { StatusDot } from "./status-dot.tsx";
import { useVisibleWatch } from "./use-visible-watch.ts";

/** Whom a component shows: a person by id, live, or an object of the application's own, whose dates age. */
export type Who = { userId: string } | { user: PresenceLike };
export type OnlineIndicatorProps = Who & { showLabel?: boolean };

/** A person's dot, with its label in words beside it or, without `showLabel`, for screen readers. */
export function OnlineIndicator({ showLabel = false, ...who }: OnlineIndicatorProps) {
  return "userId" in who ? (
    <KnownIndicator userId={who.userId} showLabel={showLabel} />
  ) : (
    <GivenIndicator user={who.user} showLabel={showLabel} />
  );
}

function KnownIndicator({ userId, showLabel }: { userId: string; showLabel: boolean }) {
  const element = useVisibleWatch(userId);
  return <Indicator view={usePersonView(userId)} showLabel={showLabel} element={element} />;
}

function GivenIndicator({ user, showLabel }: { user: PresenceLike; showLabel: boolean }) {
  return <Indicator view={useGivenPerson(user)} showLabel={showLabel} />;
}

interface IndicatorProps {
  view: PersonView;
  showLabel: boolean;
  element?: RefObject<HTMLSpanElement | null>;
}

function Indicator({ view: { status, label, stale }, showLabel, element }: IndicatorProps) {
  const { locale } = usePresenceContext();
  const name = stale ? `${label}, ${wordsOf(locale).stale}` : label;
  return (
    <span
      ref={element as RefObject<HTMLSpanElement>}
      className="presence-indicator"
      data-presence="indicator"
      data-status={status}
      data-stale={stale || undefined}
      title={stale ? name : undefined}
    >
      <StatusDot status={status} stale={stale} {...(showLabel ? {} : { title: name })} />
      {showLabel && (
        <span className="presence-label" data-presence="label">
          {label}
        </span>
      )}
    </span>
  );
}
