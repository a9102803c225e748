import { RULES, SECOND } from "./support/events.ts";
import { describeTable, invisible, known, NOW, onA, onAB } from "./support/lifecycle-table.ts";

describeTable("online on a", {
  given: known({ state: "online", connections: onA, deadline: NOW + 60 * SECOND }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 c@g2      | 300s  | -                         | yes    | -                             | -
      a connects           | same
      a connects elsewhere | online  | a@g2           | 60s   | -                         | -      | -                             | -
      c is announced, idle | online  | a@g1 c@g2      | 60s   | -                         | yes    | -                             | -
      a leaves cleanly     | offline | -              | -     | offline (disconnect)      | yes    | online→offline disconnect     | -
      a is closed by admin | offline | -              | -     | offline (admin)           | yes    | online→offline admin          | -
      a is lost            | zombie  | -              | 5s    | -                         | -      | online→zombie connection-lost | -
      x is lost            | same
      g1 is lost           | zombie  | -              | 5s    | -                         | -      | online→zombie gateway-lost    | -
      g9 is lost           | same
      activity             | online  | a@g1           | 300s  | -                         | yes    | -                             | -
      activity of long ago | online  | a@g1           | 60s   | -                         | yes    | -                             | -
      timeout              | same
      look                 | same
      all disconnected     | offline | -              | -     | offline (admin)           | yes    | online→offline admin          | admin {g1:[a]}
      sets busy            | online  | a@g1           | 60s   | online busy (manual)      | yes    | -                             | -
      sets invisible       | online  | a@g1           | 60s   | offline (disconnect)      | yes    | -                             | -
      sets available       | same
      directory news       | online  | a@g1           | 60s   | online (connect)          | -      | -                             | -
      is deleted           | offline | -              | -     | offline (admin)           | -      | -                             | admin {g1:[a]}
    `,
});

describeTable("online on a and b", {
  given: known({ state: "online", connections: onAB, deadline: NOW + 60 * SECOND }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 b@g2 c@g2 | 300s  | -                         | yes    | -                             | -
      a connects           | same
      a connects elsewhere | online  | a@g2 b@g2      | 60s   | -                         | -      | -                             | -
      c is announced, idle | online  | a@g1 b@g2 c@g2 | 60s   | -                         | yes    | -                             | -
      a leaves cleanly     | online  | b@g2           | 60s   | -                         | -      | -                             | -
      a is closed by admin | online  | b@g2           | 60s   | -                         | -      | -                             | -
      a is lost            | online  | b@g2           | 60s   | -                         | -      | -                             | -
      x is lost            | same
      g1 is lost           | online  | b@g2           | 60s   | -                         | -      | -                             | -
      g9 is lost           | same
      activity             | online  | a@g1 b@g2      | 300s  | -                         | yes    | -                             | -
      activity of long ago | online  | a@g1 b@g2      | 60s   | -                         | yes    | -                             | -
      timeout              | same
      look                 | same
      all disconnected     | offline | -              | -     | offline (admin)           | yes    | online→offline admin          | admin {g1:[a],g2:[b]}
      sets busy            | online  | a@g1 b@g2      | 60s   | online busy (manual)      | yes    | -                             | -
      sets invisible       | online  | a@g1 b@g2      | 60s   | offline (disconnect)      | yes    | -                             | -
      sets available       | same
      directory news       | online  | a@g1 b@g2      | 60s   | online (connect)          | -      | -                             | -
      is deleted           | offline | -              | -     | offline (admin)           | -      | -                             | admin {g1:[a],g2:[b]}
    `,
});

describeTable("online on a, due", {
  given: known({ state: "online", connections: onA, deadline: NOW }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 c@g2      | 300s  | -                         | yes    | -                             | -
      a connects           | same
      a connects elsewhere | online  | a@g2           | 0s    | -                         | -      | -                             | -
      c is announced, idle | online  | a@g1 c@g2      | 0s    | -                         | -      | -                             | -
      a leaves cleanly     | offline | -              | -     | offline (disconnect)      | yes    | online→offline disconnect     | -
      a is closed by admin | offline | -              | -     | offline (admin)           | yes    | online→offline admin          | -
      a is lost            | zombie  | -              | 5s    | -                         | -      | online→zombie connection-lost | -
      x is lost            | same
      g1 is lost           | zombie  | -              | 5s    | -                         | -      | online→zombie gateway-lost    | -
      g9 is lost           | same
      activity             | online  | a@g1           | 300s  | -                         | yes    | -                             | -
      activity of long ago | online  | a@g1           | 0s    | -                         | yes    | -                             | -
      timeout              | zombie  | a@g1           | 5s    | -                         | -      | online→zombie idle            | -
      look                 | zombie  | a@g1           | 5s    | -                         | -      | online→zombie idle            | -
      all disconnected     | offline | -              | -     | offline (admin)           | yes    | online→offline admin          | admin {g1:[a]}
      sets busy            | online  | a@g1           | 0s    | online busy (manual)      | yes    | -                             | -
      sets invisible       | online  | a@g1           | 0s    | offline (disconnect)      | yes    | -                             | -
      sets available       | same
      directory news       | online  | a@g1           | 0s    | online (connect)          | -      | -                             | -
      is deleted           | offline | -              | -     | offline (admin)           | -      | -                             | admin {g1:[a]}
    `,
});

describeTable("online on a, due, invisible", {
  given: known({ ...invisible, state: "online", connections: onA, deadline: NOW }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 c@g2      | 300s  | -                         | -      | -                             | -
      a connects           | same
      a connects elsewhere | online  | a@g2           | 0s    | -                         | -      | -                             | -
      c is announced, idle | online  | a@g1 c@g2      | 0s    | -                         | -      | -                             | -
      a leaves cleanly     | offline | -              | -     | -                         | -      | online→offline disconnect     | -
      a is closed by admin | offline | -              | -     | -                         | -      | online→offline admin          | -
      a is lost            | zombie  | -              | 5s    | -                         | -      | online→zombie connection-lost | -
      x is lost            | same
      g1 is lost           | zombie  | -              | 5s    | -                         | -      | online→zombie gateway-lost    | -
      g9 is lost           | same
      activity             | online  | a@g1           | 300s  | -                         | -      | -                             | -
      activity of long ago | online  | a@g1           | 0s    | -                         | -      | -                             | -
      timeout              | zombie  | a@g1           | 5s    | -                         | -      | online→zombie idle            | -
      look                 | zombie  | a@g1           | 5s    | -                         | -      | online→zombie idle            | -
      all disconnected     | offline | -              | -     | -                         | -      | online→offline admin          | admin {g1:[a]}
      sets busy            | online  | a@g1           | 0s    | online busy (connect)     | yes    | -                             | -
      sets invisible       | same
      sets available       | online  | a@g1           | 0s    | online (connect)          | yes    | -                             | -
      directory news       | online  | a@g1           | 0s    | offline (disconnect)      | -      | -                             | -
      is deleted           | offline | -              | -     | offline (manual)          | -      | -                             | admin {g1:[a]}
    `,
});

describeTable("online on a, without grace", {
  given: known({ state: "online", connections: onA, deadline: NOW + 60 * SECOND }),
  rules: { ...RULES, graceMs: 0 },
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      a leaves cleanly     | offline | -              | -     | offline (disconnect)      | yes    | online→offline disconnect     | -
      a is lost            | offline | -              | -     | offline (connection-lost) | yes    | online→offline connection-lost | -
      g1 is lost           | offline | -              | -     | offline (gateway-lost)    | yes    | online→offline gateway-lost   | -
      timeout              | same
      look                 | same
    `,
});

describeTable("online on a, due, without grace", {
  given: known({ state: "online", connections: onA, deadline: NOW }),
  rules: { ...RULES, graceMs: 0 },
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      timeout              | offline | a@g1           | -     | offline (idle)            | yes    | online→offline idle           | -
      look                 | offline | a@g1           | -     | offline (idle)            | yes    | online→offline idle           | -
    `,
});

describeTable("online on a and b, one device at a time", {
  given: known({ state: "online", connections: onAB, deadline: NOW + 60 * SECOND }),
  rules: { ...RULES, multiDevice: "replace" },
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | c@g2           | 300s  | -                         | yes    | -                             | replaced {g1:[a],g2:[b]}
      a connects elsewhere | online  | a@g2 b@g2      | 60s   | -                         | -      | -                             | -
      c is announced, idle | online  | a@g1 b@g2      | 60s   | -                         | -      | -                             | replaced {g2:[c]}
    `,
});
