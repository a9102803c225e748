import { StatusDot } from "../presence/components/status-dot.tsx";
import type { PersonPresence } from "../presence/person.ts";
import { phrasesOf } from "../presence/phrases.ts";
import type { Availability } from "../presence/wire.ts";
import styles from "./person-text.module.css";
import { useSession } from "./session.tsx";

interface PersonTextProps {
  person: PersonPresence;
  /** without their own text, which stands elsewhere */
  brief?: boolean;
}

/** How a person is, in one line that never wraps: "Busy · In a meeting", "Left 2 minutes ago". */
export function PersonText({ person, brief = false }: PersonTextProps) {
  const { locale } = useSession();
  const { user, status, text, lastSeenText, stale } = person;
  const isOnline = status === "online";
  const availability = isOnline && !stale ? (user?.availability ?? "available") : "available";
  const first = availability === "available" ? text : phrasesOf(locale).availability[availability];
  // "Left 2 minutes ago" says already when.
  const seen = (stale || text === person.label) && !isOnline ? lastSeenText : "";
  const second = (!brief && user?.statusText) || seen;
  return (
    <span className={styles.line}>
      {availability !== "available" && <AvailabilityMark availability={availability} />}
      <span>{first}</span>
      {second !== "" && (
        <>
          <span aria-hidden="true"> · </span>
          <span>{second}</span>
        </>
      )}
    </span>
  );
}

/** Tells busy from do not disturb by shape as well as by colour. */
function AvailabilityMark({ availability }: { availability: "busy" | "dnd" }) {
  return (
    <svg className={styles.mark} data-availability={availability} viewBox="0 0 12 12" aria-hidden="true">
      <circle cx="6" cy="6" r="5" />
      <path d={availability === "dnd" ? "M3.5 6h5" : "M6 3.2V6l1.8 1.4"} />
    </svg>
  );
}

/** How a choice of one's own looks: the dot of a status, or the mark of one that is busy. */
export function OwnMark({ availability }: { availability: Availability }) {
  if (availability === "busy" || availability === "dnd") {
    return <AvailabilityMark availability={availability} />;
  }
  return <StatusDot status={availability === "invisible" ? "offline" : "online"} />;
}
