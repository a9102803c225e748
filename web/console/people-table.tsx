"use client";

import console from "./console.module.css";
import { ageText, countText, timeText } from "./format.ts";
import styles from "./people.module.css";
import { hashOf } from "./route.ts";
import { useNow } from "./session.tsx";
import { StateBadge } from "./state-badge.tsx";
import type { Person } from "./wire.ts";

/** One row a person. On a narrow page the columns beyond the first two stand below the name. */
export function PeopleTable({ people, isFresh }: { people: readonly Person[]; isFresh: boolean }) {
  if (people.length === 0) return <p className={console.muted}>No one fits these filters.</p>;
  return (
    <table className={console.table} aria-busy={!isFresh}>
      <caption className="visually-hidden">People, with their state, devices and last activity</caption>
      <thead>
        <tr>
          <th scope="col">Person</th>
          <th scope="col">State</th>
          <th scope="col" className={styles.wide}>
            Others see
          </th>
          <th scope="col" className={styles.wide}>
            Availability
          </th>
          <th scope="col" className={styles.wide}>
            Devices, gateway
          </th>
          <th scope="col" className={styles.wide}>
            Last activity
          </th>
        </tr>
      </thead>
      <tbody>
        {people.map((person) => (
          <Row key={person.userId} person={person} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ person }: { person: Person }) {
  const now = useNow();
  const name = person.displayName ?? person.username ?? person.userId;
  const last = ageText(person.lastActiveAt, now);
  return (
    <tr data-user-id={person.userId}>
      <th scope="row" className={styles.person}>
        <a className={styles.name} href={hashOf({ view: "person", userId: person.userId })}>
          {name}
        </a>
        {name !== person.userId && <span className={styles.id}>{person.userId}</span>}
        {person.isAnonymous && <span className={styles.id}>anonymous</span>}
        <span className={styles.narrow}>{detailsText(person, last)}</span>
      </th>
      <td>
        <StateBadge state={person.state} />
      </td>
      <td className={styles.wide}>
        <StateBadge state={seenState(person)} label={seenText(person)} />
      </td>
      <td className={styles.wide}>
        {availabilityText(person)}
        {person.statusText !== null && <span className={styles.text}>{person.statusText}</span>}
      </td>
      <td className={styles.wide}>
        <Devices connections={person.connections} />
      </td>
      <td
        className={styles.wide}
        title={person.lastActiveAt === null ? undefined : timeText(person.lastActiveAt, now)}
      >
        {last}
      </td>
    </tr>
  );
}

const availabilityText = ({ availability }: Person): string =>
  availability === "dnd" ? "do not disturb" : availability;

/** What a narrow page has no column for. */
function detailsText(person: Person, last: string): string {
  const { availability, connections, shownOnline, state } = person;
  const parts = [
    shownOnline === (state !== "offline") ? "" : `others see ${seenText(person)}`,
    availability === "available" || availability === "invisible" ? "" : availabilityText(person),
    connections.length === 0 ? "" : countText(connections.length, "device"),
    `active ${last}`,
  ];
  return parts.filter(Boolean).join(", ");
}

const DEVICES_SHOWN = 3;

function Devices({ connections }: Pick<Person, "connections">) {
  if (connections.length === 0) return "–";
  const more = connections.length - DEVICES_SHOWN;
  return (
    <ul>
      {connections.slice(0, DEVICES_SHOWN).map(({ connectionId, device, gatewayId, passive }) => (
        <li key={connectionId}>
          <span>{device ?? "no name"}</span>
          {passive && " (passive)"} <span className={styles.gateway}>{gatewayId}</span>
        </li>
      ))}
      {more > 0 && <li className={console.muted}>and {more} more</li>}
    </ul>
  );
}

const isInvisible = ({ availability, shownOnline }: Person): boolean =>
  availability === "invisible" && !shownOnline;

const seenState = (person: Person): string => {
  if (person.shownOnline) return "online";
  return isInvisible(person) ? "invisible" : "offline";
};

const seenText = (person: Person): string => {
  if (person.shownOnline) return "online";
  return isInvisible(person) ? "offline (invisible)" : "offline";
};
