"use client";

import { memo } from "react";
import { OnlineIndicator } from "../presence/components/online-indicator.tsx";
import { usePersonView } from "../presence/hooks.ts";
import { Avatar } from "./avatar.tsx";
import styles from "./people.module.css";

export const Person = memo(function Person({ userId, name }: { userId: string; name: string }) {
  const { status, lastSeenText, stale } = usePersonView(userId);
  return (
    <li className={styles.person} data-user-id={userId}>
      <Avatar userId={userId} name={name} />
      <div className={styles.facts}>
        <p className={styles.name}>{name}</p>
        <p className={styles.presence}>
          <OnlineIndicator userId={userId} showLabel />
          {(stale || status !== "online") && lastSeenText !== "" && (
            <span className={styles.lastSeen}>{lastSeenText}</span>
          )}
        </p>
      </div>
    </li>
  );
});
