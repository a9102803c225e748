import { closeReasonTable } from "@meeshy/shared/asyncapi/close-reasons";

const BETWEEN = /(<!-- closing reasons: [^\n]* -->\n)[\s\S]*?(<!-- end -->)/;

/** The contract with its table of closing reasons as the code has it. */
export function withCloseReasons(contract: string): string {
  if (!BETWEEN.test(contract)) throw new Error("docs/CONTRACT.md has no place for the closing reasons");
  return contract.replace(BETWEEN, (_, start, end) => `${start}${closeReasonTable().join("\n")}\n${end}`);
}
