import { Writable } from "node:stream";
import { type ErrorCode, PresenceError } from "@meeshy/shared/codes";
import fastify from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import { pino } from "pino";
import { expect, test } from "vitest";
import { handleErrors } from "../../src/routes/errors.ts";

/** What the gateway logs of a request that fails with `code`. */
async function linesOf(code: ErrorCode): Promise<string> {
  let lines = "";
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines += chunk;
      done();
    },
  });
  const app = fastify().withTypeProvider<ZodTypeProvider>();
  handleErrors(app, pino({ level: "debug" }, sink));
  app.get("/", () => {
    throw new PresenceError(code, "no");
  });
  await app.inject("/");
  return lines;
}

test("a failure of the gateway's is an error in its log", async () => {
  expect(await linesOf("internal")).toContain("request failed");
});

test("a request that this installation does not serve, or refuses, is none", async () => {
  for (const code of ["not_implemented", "forbidden", "not_found"] as const)
    expect(await linesOf(code), code).toBe("");
});
