import { memo, type ReactNode } from "react";
import { usePersonView, useRoomPresence } from "../hooks.ts";
import type { PersonPresence } from "../person.ts";
import { errorText } from "../phrases.ts";
import { usePresenceContext } from "../provider.tsx";
import { nameOf } from "./avatar-stack.tsx";
import { LastSeen } from "./last-seen.tsx";
import { OnlineIndicator } from "./online-indicator.tsx";

/** What a row of {@link PresenceList} shows in place of its own. Give the same function at each render. */
export type RenderPerson = (person: PersonPresence & { userId: string; name: string }) => ReactNode;

export type PresenceListProps = ({ userIds: readonly string[] } | { conversationId: string }) & {
  children?: RenderPerson;
};

/** People with their dots, in the order given; of a conversation its members. Rows in the window are watched. */
export function PresenceList({ children, ...which }: PresenceListProps) {
  return "userIds" in which ? (
    <Rows userIds={which.userIds} render={children} />
  ) : (
    <Members conversationId={which.conversationId} render={children} />
  );
}

function Members({ conversationId, render }: { conversationId: string; render: RenderPerson | undefined }) {
  const { locale } = usePresenceContext();
  const { memberIds, isLoading, error } = useRoomPresence(conversationId);
  if (error !== null && memberIds.length === 0)
    return <p data-presence="error">{errorText(error, locale)}</p>;
  return <Rows userIds={memberIds} render={render} isBusy={isLoading} />;
}

interface RowsProps {
  userIds: readonly string[];
  render: RenderPerson | undefined;
  isBusy?: boolean;
}

function Rows({ userIds, render, isBusy = false }: RowsProps) {
  return (
    <ul data-presence="list" aria-busy={isBusy}>
      {userIds.map((userId) => (
        <Row key={userId} userId={userId} render={render} />
      ))}
    </ul>
  );
}

const Row = /* @__PURE__ */ memo(function Row({
  userId,
  render,
}: {
  userId: string;
  render: RenderPerson | undefined;
}) {
  const person = usePersonView(userId);
  const name = nameOf(person.user, userId);
  return (
    <li data-presence="row" data-user-id={userId} data-status={person.status}>
      {render ? (
        render({ ...person, userId, name })
      ) : (
        <>
          <OnlineIndicator userId={userId} />
          <bdi data-presence="name">{name}</bdi>
          {person.status !== "online" && <LastSeen userId={userId} />}
        </>
      )}
    </li>
  );
});
