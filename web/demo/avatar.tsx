import { initialsOf } from "../presence/components/avatar-stack.tsx";
import { OnlineIndicator } from "../presence/components/online-indicator.tsx";
import styles from "./avatar.module.css";

const TINTS = [styles.tint0, styles.tint1, styles.tint2, styles.tint3, styles.tint4, styles.tint5];

interface AvatarProps {
  userId: string;
  name: string;
  size?: "small" | "large";
  /** with the person's dot; the words beside it say the same */
  showsPresence?: boolean;
}

/** A person's initials on a tint that is always theirs; carries nothing that the words beside it do not. */
export function Avatar({ userId, name, size, showsPresence = false }: AvatarProps) {
  return (
    <span className={styles.frame} data-size={size} aria-hidden="true">
      <span className={`${styles.avatar} ${TINTS[tintOf(userId)]}`}>{initialsOf(name)}</span>
      {showsPresence && (
        <span className={styles.dot}>
          <OnlineIndicator userId={userId} />
        </span>
      )}
    </span>
  );
}

/** The same where there is no presence to show. */
export function Initials({ userId, name }: { userId: string; name: string }) {
  return (
    <span className={styles.frame} aria-hidden="true">
      <span className={`${styles.avatar} ${TINTS[tintOf(userId)]}`}>{initialsOf(name)}</span>
    </span>
  );
}

function tintOf(userId: string): number {
  let hash = 0;
  for (const char of userId) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 997;
  return hash % TINTS.length;
}
