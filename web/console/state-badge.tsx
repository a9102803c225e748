import styles from "./state-badge.module.css";

/** A state by shape, colour and name. */
export function StateBadge({ state, label = state }: { state: string; label?: string }) {
  return (
    <span className={styles.badge}>
      <svg className={styles.shape} viewBox="0 0 12 12" aria-hidden="true" data-state={state}>
        <circle cx="6" cy="6" r="4.5" />
        {state === "zombie" && <path d="M6 1.5a4.5 4.5 0 0 1 0 9z" />}
      </svg>
      {label}
    </span>
  );
}
