"use client";

import { nameOf } from "../presence/components/avatar-stack.tsx";
import { usePresences } from "../presence/hooks.ts";
import { useSession } from "./session.tsx";
import styles from "./typing-line.module.css";
import { useTypists } from "./use-typing.ts";

/** Who else types here. It keeps its height when no one does. */
export function TypingLine({ conversationId }: { conversationId: string }) {
  const { texts } = useSession();
  const typists = useTypists(conversationId);
  const known = usePresences(typists, { watch: false });
  const names = typists.map((userId, index) => nameOf(known[index]?.user, userId));
  return (
    <p className={styles.line} data-typing={typists.length > 0}>
      {typists.length > 0 && (
        <>
          <span className={styles.dots} aria-hidden="true">
            <span />
            <span />
            <span />
          </span>
          <bdi>{texts.typing(names)}</bdi>
        </>
      )}
    </p>
  );
}
