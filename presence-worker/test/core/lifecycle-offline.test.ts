import { emptyRecord } from "../../src/core/record.ts";
import { RULES } from "./support/events.ts";
import { describeTable, invisible, known, onA, onAB } from "./support/lifecycle-table.ts";

describeTable("unknown", {
  given: emptyRecord("alice"),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | c@g2           | 300s  | online (connect)          | yes    | offline→online connect        | -
      a connects           | online  | a@g1           | 300s  | online (connect)          | yes    | offline→online connect        | -
      a connects elsewhere | online  | a@g2           | 300s  | online (connect)          | yes    | offline→online connect        | -
      c is announced, idle | offline | c@g2           | -     | -                         | yes    | -                             | -
      a leaves cleanly     | same
      a is closed by admin | same
      a is lost            | same
      x is lost            | same
      g1 is lost           | same
      g9 is lost           | same
      activity             | offline | -              | -     | -                         | yes    | -                             | -
      activity of long ago | offline | -              | -     | -                         | yes    | -                             | -
      timeout              | same
      look                 | offline | -              | -     | offline (idle)            | yes    | -                             | -
      all disconnected     | offline | -              | -     | -                         | -      | -                             | -
      sets busy            | offline | -              | -     | offline busy (manual)     | yes    | -                             | -
      sets invisible       | offline | -              | -     | -                         | yes    | -                             | -
      sets available       | offline | -              | -     | -                         | yes    | -                             | -
      directory news       | offline | -              | -     | -                         | yes    | -                             | -
      is deleted           | offline | -              | -     | -                         | -      | -                             | -
    `,
});

describeTable("offline", {
  given: known({ state: "offline" }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | c@g2           | 300s  | online (connect)          | yes    | offline→online connect        | -
      a connects           | online  | a@g1           | 300s  | online (connect)          | yes    | offline→online connect        | -
      a connects elsewhere | online  | a@g2           | 300s  | online (connect)          | yes    | offline→online connect        | -
      c is announced, idle | offline | c@g2           | -     | -                         | -      | -                             | -
      a leaves cleanly     | same
      a is closed by admin | same
      a is lost            | same
      x is lost            | same
      g1 is lost           | same
      g9 is lost           | same
      activity             | offline | -              | -     | -                         | yes    | -                             | -
      activity of long ago | offline | -              | -     | -                         | yes    | -                             | -
      timeout              | same
      look                 | offline | -              | -     | -                         | yes    | -                             | -
      all disconnected     | offline | -              | -     | -                         | -      | -                             | -
      sets busy            | offline | -              | -     | offline busy (manual)     | yes    | -                             | -
      sets invisible       | offline | -              | -     | -                         | yes    | -                             | -
      sets available       | same
      directory news       | offline | -              | -     | offline (connect)         | -      | -                             | -
      is deleted           | offline | -              | -     | offline (manual)          | -      | -                             | -
    `,
});

describeTable("offline with a and b open", {
  given: known({ state: "offline", connections: onAB }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 b@g2 c@g2 | 300s  | online (connect)          | yes    | offline→online connect        | -
      a connects           | same
      a connects elsewhere | offline | a@g2 b@g2      | -     | -                         | -      | -                             | -
      c is announced, idle | offline | a@g1 b@g2 c@g2 | -     | -                         | -      | -                             | -
      a leaves cleanly     | offline | b@g2           | -     | -                         | -      | -                             | -
      a is closed by admin | offline | b@g2           | -     | -                         | -      | -                             | -
      a is lost            | offline | b@g2           | -     | -                         | -      | -                             | -
      x is lost            | same
      g1 is lost           | offline | b@g2           | -     | -                         | -      | -                             | -
      g9 is lost           | same
      activity             | online  | a@g1 b@g2      | 300s  | online (activity)         | yes    | offline→online activity       | -
      activity of long ago | offline | a@g1 b@g2      | -     | -                         | yes    | -                             | -
      timeout              | same
      look                 | offline | a@g1 b@g2      | -     | -                         | yes    | -                             | -
      all disconnected     | offline | -              | -     | -                         | -      | -                             | admin {g1:[a],g2:[b]}
      sets busy            | offline | a@g1 b@g2      | -     | offline busy (manual)     | yes    | -                             | -
      sets invisible       | offline | a@g1 b@g2      | -     | -                         | yes    | -                             | -
      sets available       | same
      directory news       | offline | a@g1 b@g2      | -     | offline (connect)         | -      | -                             | -
      is deleted           | offline | -              | -     | offline (manual)          | -      | -                             | admin {g1:[a],g2:[b]}
    `,
});

describeTable("offline with a open, never shown", {
  given: known({ state: "offline", connections: onA, shown: null }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 c@g2      | 300s  | online (connect)          | yes    | offline→online connect        | -
      a connects           | same
      a connects elsewhere | offline | a@g2           | -     | -                         | -      | -                             | -
      c is announced, idle | offline | a@g1 c@g2      | -     | -                         | -      | -                             | -
      a leaves cleanly     | offline | -              | -     | -                         | -      | -                             | -
      a is closed by admin | offline | -              | -     | -                         | -      | -                             | -
      a is lost            | offline | -              | -     | -                         | -      | -                             | -
      x is lost            | same
      g1 is lost           | offline | -              | -     | -                         | -      | -                             | -
      g9 is lost           | same
      activity             | online  | a@g1           | 300s  | online (activity)         | yes    | offline→online activity       | -
      activity of long ago | offline | a@g1           | -     | -                         | yes    | -                             | -
      timeout              | same
      look                 | offline | a@g1           | -     | offline (idle)            | yes    | -                             | -
      all disconnected     | offline | -              | -     | -                         | -      | -                             | admin {g1:[a]}
      sets busy            | offline | a@g1           | -     | offline busy (manual)     | yes    | -                             | -
      sets invisible       | offline | a@g1           | -     | -                         | yes    | -                             | -
      sets available       | same
      directory news       | offline | a@g1           | -     | -                         | -      | -                             | -
      is deleted           | offline | -              | -     | -                         | -      | -                             | admin {g1:[a]}
    `,
});

describeTable("offline with a open, invisible", {
  given: known({ ...invisible, state: "offline", connections: onA }),
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | a@g1 c@g2      | 300s  | -                         | -      | offline→online connect        | -
      a connects           | same
      a connects elsewhere | offline | a@g2           | -     | -                         | -      | -                             | -
      c is announced, idle | offline | a@g1 c@g2      | -     | -                         | -      | -                             | -
      a leaves cleanly     | offline | -              | -     | -                         | -      | -                             | -
      a is closed by admin | offline | -              | -     | -                         | -      | -                             | -
      a is lost            | offline | -              | -     | -                         | -      | -                             | -
      x is lost            | same
      g1 is lost           | offline | -              | -     | -                         | -      | -                             | -
      g9 is lost           | same
      activity             | online  | a@g1           | 300s  | -                         | -      | offline→online activity       | -
      activity of long ago | offline | a@g1           | -     | -                         | -      | -                             | -
      timeout              | same
      look                 | offline | a@g1           | -     | -                         | yes    | -                             | -
      all disconnected     | offline | -              | -     | -                         | -      | -                             | admin {g1:[a]}
      sets busy            | offline | a@g1           | -     | offline busy (manual)     | yes    | -                             | -
      sets invisible       | same
      sets available       | offline | a@g1           | -     | -                         | yes    | -                             | -
      directory news       | offline | a@g1           | -     | offline (disconnect)      | -      | -                             | -
      is deleted           | offline | -              | -     | offline (manual)          | -      | -                             | admin {g1:[a]}
    `,
});

describeTable("offline with a and b open, without grace", {
  given: known({ state: "offline", connections: onAB }),
  rules: { ...RULES, graceMs: 0 },
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      a leaves cleanly     | offline | b@g2           | -     | -                         | -      | -                             | -
      a is lost            | offline | b@g2           | -     | -                         | -      | -                             | -
      g1 is lost           | offline | b@g2           | -     | -                         | -      | -                             | -
    `,
});

describeTable("offline with a and b open, one device at a time", {
  given: known({ state: "offline", connections: onAB }),
  rules: { ...RULES, multiDevice: "replace" },
  only: true,
  table: `
      event                | state   | open           | until | published                 | stored | history                       | closed
      c connects           | online  | c@g2           | 300s  | online (connect)          | yes    | offline→online connect        | replaced {g1:[a],g2:[b]}
      a connects elsewhere | offline | a@g2 b@g2      | -     | -                         | -      | -                             | -
      c is announced, idle | offline | a@g1 b@g2      | -     | -                         | -      | -                             | replaced {g2:[c]}
    `,
});
