import { useOccupancy } from "../hooks.ts";
import { phrasesOf } from "../phrases.ts";
import { usePresenceContext } from "../provider.tsx";

/** How many members of a conversation are online, in words; nothing until it is known. */
export function OccupancyBadge({ conversationId }: { conversationId: string }) {
  const { locale } = usePresenceContext();
  const counts = useOccupancy(conversationId);
  if (counts === undefined) return null;
  return (
    <span data-presence="occupancy" data-stale={counts.stale || undefined}>
      {phrasesOf(locale).occupancy(counts.online, counts.total)}
    </span>
  );
}
