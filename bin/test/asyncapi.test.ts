import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Parser } from "@asyncapi/parser";
import { asyncApiDocument } from "@meeshy/shared/asyncapi/document";
import { CLIENT_EVENTS, SERVER_EVENTS } from "@meeshy/shared/event-names";
import { SERVICE_SUBJECTS } from "@meeshy/shared/service-requests";
import { expect, test } from "vitest";
import { withCloseReasons } from "../launcher/contract.ts";
import { ROOT } from "../launcher/root.ts";

const text = readFileSync(join(ROOT, "docs/asyncapi.json"), "utf8");

test("docs/asyncapi.json is what `node bin/asyncapi.ts` makes of the schemas", () => {
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(asyncApiDocument())));
});

test("the closing reasons in docs/CONTRACT.md are those of the code", () => {
  const contract = readFileSync(join(ROOT, "docs/CONTRACT.md"), "utf8");
  expect(contract).toBe(withCloseReasons(contract));
});

test("the document is valid AsyncAPI", { timeout: 30_000 }, async () => {
  const { document, diagnostics } = await new Parser().parse(text);
  const errors = diagnostics.filter(({ severity }) => severity === 0);
  expect(errors.map(({ message, path }) => `${path.join(".")}: ${message}`)).toEqual([]);
  expect(document?.version()).toBe("3.0.0");
});

test("every event and every request is described", () => {
  const { channels } = asyncApiDocument() as { channels: Record<string, { messages: object }> };
  const names = Object.values(channels.socket?.messages ?? {}).map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([...Object.values(SERVER_EVENTS), ...Object.values(CLIENT_EVENTS)]),
  );
  expect(Object.keys(channels)).toEqual(expect.arrayContaining(SERVICE_SUBJECTS));
});
