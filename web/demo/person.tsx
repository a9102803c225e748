"use client";

import { OnlineIndicator } from "../presence/components/online-indicator.tsx";
import { usePresence } from "../presence/hooks.ts";
import { Avatar } from "./avatar.tsx";
import styles from "./people.module.css";

export function Person({ userId, name }: { userId: string; name: string }) {
  const { status, lastSeenText } = usePresence(userId);
  return (
    <li className={styles.person} data-user-id={userId}>
      <Avatar userId={userId} name={name} />
      <div className={styles.facts}>
        <p className={styles.name}>{name}</p>
        <p className={styles.presence}>
          <OnlineIndicator userId={userId} showLabel />
          {status !== "online" && lastSeenText !== "" && (
            <span className={styles.lastSeen}>{lastSeenText}</span>
          )}
        </p>
      </div>
    </li>
  );
}
