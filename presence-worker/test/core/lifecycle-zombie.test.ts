import { RULES, SECOND } from "./support/events.ts";
import { describeTable, invisible, known, NOW, onA, onAB } from "./support/lifecycle-table.ts";

const idle = { state: "zombie", zombieCause: "idle" } as const;

describeTable("idle zombie on a", {
  given: known({ ...idle, connections: onA, deadline: NOW + 3 * SECOND }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 c@g2      | 300s  | -                         | yes    | zombie→online connect         | -
      a connects           | same
      a connects elsewhere | zombie  | a@g2           | 3s    | -                         | -      | -                             | -
      c is announced, idle | zombie  | a@g1 c@g2      | 3s    | -                         | -      | -                             | -
      a leaves cleanly     | offline | -              | -     | offline (disconnect)      | yes    | zombie→offline disconnect     | -
      a is closed by admin | offline | -              | -     | offline (admin)           | yes    | zombie→offline admin          | -
      a is lost            | zombie  | -              | 3s    | -                         | -      | -                             | -
      x is lost            | same
      g1 is lost           | zombie  | -              | 3s    | -                         | -      | -                             | -
      g9 is lost           | same
      activity             | online  | a@g1           | 300s  | -                         | yes    | zombie→online activity        | -
      activity of long ago | zombie  | a@g1           | 3s    | -                         | yes    | -                             | -
      timeout              | same
      look                 | same
      all disconnected     | offline | -              | -     | offline (admin)           | yes    | zombie→offline admin          | admin {g1:[a]}
      sets busy            | zombie  | a@g1           | 3s    | online busy (manual)      | yes    | -                             | -
      sets invisible       | zombie  | a@g1           | 3s    | offline (disconnect)      | yes    | -                             | -
      sets available       | same
      directory news       | zombie  | a@g1           | 3s    | online (connect)          | -      | -                             | -
      is deleted           | offline | -              | -     | offline (admin)           | -      | -                             | admin {g1:[a]}
    `,
});

describeTable("idle zombie on a and b, due", {
  given: known({ ...idle, connections: onAB, deadline: NOW }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 b@g2 c@g2 | 300s  | -                         | yes    | zombie→online connect         | -
      a connects           | same
      a connects elsewhere | zombie  | a@g2 b@g2      | 0s    | -                         | -      | -                             | -
      c is announced, idle | zombie  | a@g1 b@g2 c@g2 | 0s    | -                         | -      | -                             | -
      a leaves cleanly     | zombie  | b@g2           | 0s    | -                         | -      | -                             | -
      a is closed by admin | zombie  | b@g2           | 0s    | -                         | -      | -                             | -
      a is lost            | zombie  | b@g2           | 0s    | -                         | -      | -                             | -
      x is lost            | same
      g1 is lost           | zombie  | b@g2           | 0s    | -                         | -      | -                             | -
      g9 is lost           | same
      activity             | online  | a@g1 b@g2      | 300s  | -                         | yes    | zombie→online activity        | -
      activity of long ago | zombie  | a@g1 b@g2      | 0s    | -                         | yes    | -                             | -
      timeout              | offline | a@g1 b@g2      | -     | offline (idle)            | yes    | zombie→offline idle           | -
      look                 | offline | a@g1 b@g2      | -     | offline (idle)            | yes    | zombie→offline idle           | -
      all disconnected     | offline | -              | -     | offline (admin)           | yes    | zombie→offline admin          | admin {g1:[a],g2:[b]}
      sets busy            | zombie  | a@g1 b@g2      | 0s    | online busy (manual)      | yes    | -                             | -
      sets invisible       | zombie  | a@g1 b@g2      | 0s    | offline (disconnect)      | yes    | -                             | -
      sets available       | same
      directory news       | zombie  | a@g1 b@g2      | 0s    | online (connect)          | -      | -                             | -
      is deleted           | offline | -              | -     | offline (admin)           | -      | -                             | admin {g1:[a],g2:[b]}
    `,
});

describeTable("idle zombie on a, due, invisible", {
  given: known({ ...idle, ...invisible, connections: onA, deadline: NOW }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 c@g2      | 300s  | -                         | -      | zombie→online connect         | -
      a connects           | same
      a connects elsewhere | zombie  | a@g2           | 0s    | -                         | -      | -                             | -
      c is announced, idle | zombie  | a@g1 c@g2      | 0s    | -                         | -      | -                             | -
      a leaves cleanly     | offline | -              | -     | -                         | -      | zombie→offline disconnect     | -
      a is closed by admin | offline | -              | -     | -                         | -      | zombie→offline admin          | -
      a is lost            | zombie  | -              | 0s    | -                         | -      | -                             | -
      x is lost            | same
      g1 is lost           | zombie  | -              | 0s    | -                         | -      | -                             | -
      g9 is lost           | same
      activity             | online  | a@g1           | 300s  | -                         | -      | zombie→online activity        | -
      activity of long ago | zombie  | a@g1           | 0s    | -                         | -      | -                             | -
      timeout              | offline | a@g1           | -     | -                         | -      | zombie→offline idle           | -
      look                 | offline | a@g1           | -     | -                         | -      | zombie→offline idle           | -
      all disconnected     | offline | -              | -     | -                         | -      | zombie→offline admin          | admin {g1:[a]}
      sets busy            | zombie  | a@g1           | 0s    | online busy (connect)     | yes    | -                             | -
      sets invisible       | same
      sets available       | zombie  | a@g1           | 0s    | online (connect)          | yes    | -                             | -
      directory news       | zombie  | a@g1           | 0s    | offline (disconnect)      | -      | -                             | -
      is deleted           | offline | -              | -     | offline (manual)          | -      | -                             | admin {g1:[a]}
    `,
});

describeTable("zombie that lost its connection", {
  given: known({ state: "zombie", zombieCause: "connection-lost", deadline: NOW + 3 * SECOND }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | c@g2           | 300s  | -                         | yes    | zombie→online connect         | -
      a connects           | online  | a@g1           | 300s  | -                         | yes    | zombie→online connect         | -
      a connects elsewhere | online  | a@g2           | 300s  | -                         | yes    | zombie→online connect         | -
      c is announced, idle | zombie  | c@g2           | 3s    | -                         | -      | -                             | -
      a leaves cleanly     | same
      a is closed by admin | same
      a is lost            | same
      x is lost            | same
      g1 is lost           | same
      g9 is lost           | same
      activity             | zombie  | -              | 3s    | -                         | yes    | -                             | -
      activity of long ago | zombie  | -              | 3s    | -                         | yes    | -                             | -
      timeout              | same
      look                 | same
      all disconnected     | offline | -              | -     | offline (admin)           | yes    | zombie→offline admin          | -
      sets busy            | zombie  | -              | 3s    | online busy (manual)      | yes    | -                             | -
      sets invisible       | zombie  | -              | 3s    | offline (disconnect)      | yes    | -                             | -
      sets available       | same
      directory news       | zombie  | -              | 3s    | online (connect)          | -      | -                             | -
      is deleted           | offline | -              | -     | offline (admin)           | -      | -                             | -
    `,
});

describeTable("zombie that lost its gateway, due", {
  given: known({ state: "zombie", zombieCause: "gateway-lost", deadline: NOW - SECOND }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | c@g2           | 300s  | -                         | yes    | zombie→online connect         | -
      a connects           | online  | a@g1           | 300s  | -                         | yes    | zombie→online connect         | -
      a connects elsewhere | online  | a@g2           | 300s  | -                         | yes    | zombie→online connect         | -
      c is announced, idle | zombie  | c@g2           | -1s   | -                         | -      | -                             | -
      a leaves cleanly     | same
      a is closed by admin | same
      a is lost            | same
      x is lost            | same
      g1 is lost           | same
      g9 is lost           | same
      activity             | zombie  | -              | -1s   | -                         | yes    | -                             | -
      activity of long ago | zombie  | -              | -1s   | -                         | yes    | -                             | -
      timeout              | offline | -              | -     | offline (gateway-lost)    | yes    | zombie→offline gateway-lost   | -
      look                 | offline | -              | -     | offline (gateway-lost)    | yes    | zombie→offline gateway-lost   | -
      all disconnected     | offline | -              | -     | offline (admin)           | yes    | zombie→offline admin          | -
      sets busy            | zombie  | -              | -1s   | online busy (manual)      | yes    | -                             | -
      sets invisible       | zombie  | -              | -1s   | offline (disconnect)      | yes    | -                             | -
      sets available       | same
      directory news       | zombie  | -              | -1s   | online (connect)          | -      | -                             | -
      is deleted           | offline | -              | -     | offline (admin)           | -      | -                             | -
    `,
});

describeTable("idle zombie on a with more time than the grace", {
  given: known({ ...idle, connections: onA, deadline: NOW + 60 * SECOND }),
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      a is lost            | zombie  | -              | 5s    | -                         | -      | -                             | -
      g1 is lost           | zombie  | -              | 5s    | -                         | -      | -                             | -
    `,
});

describeTable("idle zombie on a, without grace", {
  given: known({ ...idle, connections: onA, deadline: NOW + 3 * SECOND }),
  rules: { ...RULES, graceMs: 0 },
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      a leaves cleanly     | offline | -              | -     | offline (disconnect)      | yes    | zombie→offline disconnect     | -
      a is lost            | offline | -              | -     | offline (idle)            | yes    | zombie→offline idle           | -
      g1 is lost           | offline | -              | -     | offline (idle)            | yes    | zombie→offline idle           | -
      timeout              | same
      look                 | same
    `,
});

describeTable("idle zombie on a, one device at a time", {
  given: known({ ...idle, connections: onA, deadline: NOW + 3 * SECOND }),
  rules: { ...RULES, multiDevice: "replace" },
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | c@g2           | 300s  | -                         | yes    | zombie→online connect         | replaced {g1:[a]}
      a connects elsewhere | zombie  | a@g2           | 3s    | -                         | -      | -                             | -
      c is announced, idle | zombie  | a@g1           | 3s    | -                         | -      | -                             | replaced {g2:[c]}
    `,
});
