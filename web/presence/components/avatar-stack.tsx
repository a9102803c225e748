import { memo } from "react";
import { usePersonView } from "../hooks.ts";
import { phrasesOf } from "../phrases.ts";
import { usePresenceContext } from "../provider.tsx";
import type { UserStatus } from "../wire.ts";
import { OnlineIndicator } from "./online-indicator.tsx";

/** People side by side: initials, a dot, and how many more there are than `max`. */
export function AvatarStack({ userIds, max = 5 }: { userIds: readonly string[]; max?: number }) {
  const { locale } = usePresenceContext();
  const rest = userIds.length - max;
  return (
    <span data-presence="stack">
      {userIds.slice(0, max).map((userId) => (
        <Avatar key={userId} userId={userId} />
      ))}
      {rest > 0 && (
        <span data-presence="more" role="img" aria-label={phrasesOf(locale).more(rest)}>
          +{rest}
        </span>
      )}
    </span>
  );
}

const Avatar = /* @__PURE__ */ memo(function Avatar({ userId }: { userId: string }) {
  const { user, status } = usePersonView(userId);
  const name = nameOf(user, userId);
  return (
    <span data-presence="avatar" data-status={status} title={name}>
      <span aria-hidden="true">{initialsOf(name)}</span>
      <OnlineIndicator userId={userId} />
    </span>
  );
});

/** What to call a person. */
export const nameOf = (user: UserStatus | undefined, userId: string): string =>
  user?.displayName || user?.username || userId;

/** Whole characters, as people see them: an emoji is not cut. */
export function initialsOf(name: string): string {
  const parts = new Intl.Segmenter(undefined, { granularity: "grapheme" });
  const words = name.trim().split(/\s+/).slice(0, 2);
  return words.map((word) => [...parts.segment(word)][0]?.segment.toUpperCase() ?? "").join("");
}
