import { SECOND } from "./support/events.ts";
import { describeTable, invisible, known, NOW, onA, shown } from "./support/lifecycle-table.ts";

const online = { state: "online", connections: onA, deadline: NOW + 60 * SECOND } as const;
const dueZombie = { state: "zombie", zombieCause: "idle", connections: onA, deadline: NOW } as const;
const offline = { state: "offline", connections: onA } as const;

const busy = { availability: "busy", statusText: "lunch" } as const;
const busyUntilNow = (isOnline: boolean) => ({
  ...busy,
  availabilityExpiresAt: NOW,
  shown: shown({ ...busy, isOnline }),
});
const invisibleUntilNow = { ...invisible, availabilityExpiresAt: NOW };

describeTable("online, busy until now", {
  given: known({ ...online, ...busyUntilNow(true) }),
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      timeout              | online  | a@g1           | 60s   | online (manual)           | yes    | -                             | -
      look                 | online  | a@g1           | 60s   | online (manual)           | yes    | -                             | -
      sets busy            | online  | a@g1           | 60s   | online busy (manual)      | yes    | -                             | -
      sets invisible       | online  | a@g1           | 60s   | offline busy lunch (disconnect) | yes    | -                             | -
      sets available       | online  | a@g1           | 60s   | online (manual)           | yes    | -                             | -
    `,
});

describeTable("online, due, busy until now", {
  given: known({ ...online, deadline: NOW, ...busyUntilNow(true) }),
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      timeout              | zombie  | a@g1           | 5s    | online (manual)           | yes    | online→zombie idle            | -
      look                 | zombie  | a@g1           | 5s    | online (manual)           | yes    | online→zombie idle            | -
    `,
});

describeTable("zombie, due, busy until now", {
  given: known({ ...dueZombie, ...busyUntilNow(true) }),
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      timeout              | offline | a@g1           | -     | offline (idle)            | yes    | zombie→offline idle           | -
      look                 | offline | a@g1           | -     | offline (idle)            | yes    | zombie→offline idle           | -
      sets busy            | zombie  | a@g1           | 0s    | online busy (manual)      | yes    | -                             | -
      sets invisible       | zombie  | a@g1           | 0s    | offline busy lunch (disconnect) | yes    | -                             | -
      sets available       | zombie  | a@g1           | 0s    | online (manual)           | yes    | -                             | -
    `,
});

describeTable("offline, busy until now", {
  given: known({ ...offline, ...busyUntilNow(false) }),
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      timeout              | offline | a@g1           | -     | offline (manual)          | yes    | -                             | -
      look                 | offline | a@g1           | -     | -                         | yes    | -                             | -
      sets busy            | offline | a@g1           | -     | offline busy (manual)     | yes    | -                             | -
      sets invisible       | offline | a@g1           | -     | -                         | yes    | -                             | -
      sets available       | offline | a@g1           | -     | offline (manual)          | yes    | -                             | -
    `,
});

describeTable("online, invisible until now", {
  given: known({ ...online, ...invisibleUntilNow }),
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      timeout              | online  | a@g1           | 60s   | online (connect)          | yes    | -                             | -
      look                 | online  | a@g1           | 60s   | online (connect)          | yes    | -                             | -
      sets busy            | online  | a@g1           | 60s   | online busy (connect)     | yes    | -                             | -
      sets invisible       | online  | a@g1           | 60s   | -                         | yes    | -                             | -
      sets available       | online  | a@g1           | 60s   | online (connect)          | yes    | -                             | -
    `,
});

describeTable("online, due, invisible until now", {
  given: known({ ...online, deadline: NOW, ...invisibleUntilNow }),
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      timeout              | zombie  | a@g1           | 5s    | online (connect)          | yes    | online→zombie idle            | -
      look                 | zombie  | a@g1           | 5s    | online (connect)          | yes    | online→zombie idle            | -
    `,
});

describeTable("zombie, due, invisible until now", {
  given: known({ ...dueZombie, ...invisibleUntilNow }),
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      timeout              | offline | a@g1           | -     | -                         | yes    | zombie→offline idle           | -
      look                 | offline | a@g1           | -     | -                         | yes    | zombie→offline idle           | -
      sets busy            | zombie  | a@g1           | 0s    | online busy (connect)     | yes    | -                             | -
      sets invisible       | zombie  | a@g1           | 0s    | -                         | yes    | -                             | -
      sets available       | zombie  | a@g1           | 0s    | online (connect)          | yes    | -                             | -
    `,
});

describeTable("offline, invisible until now", {
  given: known({ ...offline, ...invisibleUntilNow }),
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      timeout              | offline | a@g1           | -     | -                         | yes    | -                             | -
      look                 | offline | a@g1           | -     | -                         | yes    | -                             | -
      sets busy            | offline | a@g1           | -     | offline busy (manual)     | yes    | -                             | -
      sets invisible       | offline | a@g1           | -     | -                         | yes    | -                             | -
      sets available       | offline | a@g1           | -     | -                         | yes    | -                             | -
    `,
});
