import styles from "./avatar.module.css";

const TINTS = [styles.tint0, styles.tint1, styles.tint2, styles.tint3, styles.tint4];

/** A person's initial on a tint that is always theirs; carries nothing that the name beside it does not. */
export function Avatar({ userId, name }: { userId: string; name: string }) {
  let hash = 0;
  for (const char of userId) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 997;
  const initial = [...name][0]?.toLocaleUpperCase();
  return (
    <span className={`${styles.avatar} ${TINTS[hash % TINTS.length]}`} aria-hidden="true">
      {initial}
    </span>
  );
}
