"use client";

import { useId, useState } from "react";
import { nameOf } from "../presence/components/avatar-stack.tsx";
import { type OwnPresence, useSelf } from "../presence/hooks.ts";
import { phrasesOf } from "../presence/phrases.ts";
import { Initials } from "./avatar.tsx";
import { BlockedPeople } from "./blocked-people.tsx";
import { strongestChoice } from "./own-choice.ts";
import { OwnDevices } from "./own-devices.tsx";
import styles from "./own-menu.module.css";
import { OwnPrivacy } from "./own-privacy.tsx";
import { OwnStatus } from "./own-status.tsx";
import { OwnMark } from "./person-text.tsx";
import { SecondWindow } from "./second-window.tsx";
import { useSession } from "./session.tsx";
import { usePreferences } from "./use-preferences.ts";

/** Who is signed in and as what they are shown; opens the menu to change it. Invisible is always said. */
export function OwnMenu() {
  const self = useSelf();
  return self && <ButtonAndMenu self={self} />;
}

function ButtonAndMenu({ self }: { self: OwnPresence }) {
  const { texts, locale } = useSession();
  const menuId = useId();
  const [isOpen, setOpen] = useState(false);
  const privacy = usePreferences();
  const name = nameOf(self.user, self.username ?? self.id);
  const { availability, statusText } = strongestChoice(self.choices);
  const words = phrasesOf(locale).availability[availability];
  return (
    <>
      <button type="button" className={styles.button} popoverTarget={menuId}>
        <span className={styles.picture} data-invisible={availability === "invisible"} aria-hidden="true">
          <Initials userId={self.id} name={name} />
          <span className={styles.dot}>
            <OwnMark availability={availability} />
          </span>
        </span>
        <span className="hidden-when-narrow">
          <span className={styles.words}>
            <span className={styles.name}>{name}</span>
            <span className="visually-hidden">{texts.own.yourStatus} </span>
            <span className={styles.now}>{statusText || words}</span>
          </span>
        </span>
        {availability === "invisible" && <span className={styles.badge}>{texts.own.invisibleBadge}</span>}
      </button>
      <div
        id={menuId}
        popover="auto"
        role="dialog"
        aria-label={texts.own.title}
        className={styles.menu}
        onToggle={(event) => setOpen(event.newState === "open")}
      >
        {isOpen && <Menu self={self} name={name} menuId={menuId} privacy={privacy} />}
      </div>
    </>
  );
}

interface MenuProps {
  self: OwnPresence;
  name: string;
  menuId: string;
  privacy: ReturnType<typeof usePreferences>;
}

function Menu({ self, name, menuId, privacy }: MenuProps) {
  const { texts, signOut } = useSession();
  return (
    <>
      <div className={styles.head}>
        <Initials userId={self.id} name={name} />
        <div className={styles.who}>
          <p className={styles.name}>{name}</p>
          <OthersSee self={self} isHidden={privacy.preferences?.showOnlineStatus === false} />
        </div>
        <button
          type="button"
          className={styles.close}
          popoverTarget={menuId}
          popoverTargetAction="hide"
          aria-label={texts.own.close}
        >
          ×
        </button>
      </div>
      {!self.isAnonymous && (
        <>
          <OwnStatus />
          <OwnPrivacy {...privacy} />
          <BlockedPeople />
        </>
      )}
      <OwnDevices connections={self.connections ?? []} />
      <SecondWindow selfId={self.id} />
      <button type="button" className="button quiet" onClick={signOut}>
        {texts.signOut}
      </button>
    </>
  );
}

/** As others see the person, by the same words. */
function OthersSee({ self, isHidden }: { self: OwnPresence; isHidden: boolean }) {
  const { texts, locale } = useSession();
  const { user } = self;
  if (user === undefined) return null;
  const isOnline = user.isOnline && !isHidden;
  const words =
    isOnline && user.availability !== "available"
      ? phrasesOf(locale).availability[user.availability]
      : texts.own.seenAs[isOnline ? "online" : "offline"];
  return <p className={styles.seen}>{texts.own.othersSee(words)}</p>;
}
