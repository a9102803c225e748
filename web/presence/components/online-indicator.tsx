"use client";

import { useNow } from "../clock.ts";
import { isFeedLive } from "../connection.ts";
import { useConnectionState, usePresence } from "../hooks.ts";
import { usePresenceContext } from "../provider.tsx";
import { getUserStatus, type PresenceLike, type StatusView } from "../status.ts";
import { StatusDot } from "./status-dot.tsx";

type OnlineIndicatorProps = ({ userId: string } | { user: PresenceLike }) & { showLabel?: boolean };

/** A person's dot, with its label in words beside it or, without `showLabel`, for screen readers. */
export function OnlineIndicator({ showLabel = false, ...who }: OnlineIndicatorProps) {
  return "userId" in who ? (
    <KnownPerson userId={who.userId} showLabel={showLabel} />
  ) : (
    <GivenPerson user={who.user} showLabel={showLabel} />
  );
}

function KnownPerson({ userId, showLabel }: { userId: string; showLabel: boolean }) {
  return <Indicator view={usePresence(userId)} showLabel={showLabel} />;
}

function GivenPerson({ user, showLabel }: { user: PresenceLike; showLabel: boolean }) {
  const { locale } = usePresenceContext();
  const live = isFeedLive(useConnectionState());
  return <Indicator view={getUserStatus(user, useNow(), { live, locale })} showLabel={showLabel} />;
}

function Indicator({ view: { status, label }, showLabel }: { view: StatusView; showLabel: boolean }) {
  return (
    <span className="presence-indicator" data-status={status}>
      <StatusDot status={status} {...(showLabel ? {} : { title: label })} />
      {showLabel && <span className="presence-label">{label}</span>}
    </span>
  );
}
