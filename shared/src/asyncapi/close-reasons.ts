import { CLOSE_REASONS, type CloseReasonName, isCleanClose, isReconnecting } from "../close-reasons.ts";
import type { Json } from "./messages.ts";

/** The table of closing reasons as it stands in the documents. */

const ROWS = Object.entries(CLOSE_REASONS).map(([name, reason]) => ({
  name: name as CloseReasonName,
  code: reason.code,
  meaning: reason.meaning,
  isClean: isCleanClose(name),
  cause: reason.cause,
  comesBack: isReconnecting(name as CloseReasonName),
  ...("notice" in reason ? { notice: reason.notice } : {}),
}));

/** For the AsyncAPI document, by reason. */
export const describeCloseReasons = (): Json =>
  Object.fromEntries(ROWS.map(({ name, ...row }) => [name, row]));

/** The lines of a Markdown table. */
export const closeReasonTable = (): string[] => [
  "| reason | code | when | clean | cause | clients come back | sent first |",
  "|---|---|---|---|---|---|---|",
  ...ROWS.map(
    ({ name, code, meaning, isClean, cause, comesBack, notice }) =>
      `| \`${name}\` | ${code} | ${meaning} | ${yesNo(isClean)} | \`${cause}\` | ${yesNo(comesBack)} | ${notice ? `\`${notice}\`` : ""} |`,
  ),
];
const yesNo = (is: boolean) => (is ? "yes" : "no");
