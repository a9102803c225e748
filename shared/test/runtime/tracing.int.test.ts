import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const TRACING = new URL("../../src/runtime/tracing.ts", import.meta.url).href;
const LIFECYCLE = new URL("../../src/runtime/lifecycle.ts", import.meta.url).href;
const LOGGER = new URL("../../src/runtime/logger.ts", import.meta.url).href;

/** What a process loads to begin tracing with this endpoint, and whether it records then. */
async function loadedWith(endpoint: string | undefined): Promise<{ isRecording: boolean; loaded: number }> {
  const source = `
    import { registerHooks } from "node:module";
    let loaded = 0;
    registerHooks({ resolve(name, context, next) {
      if (name.startsWith("@opentelemetry/")) loaded++;
      return next(name, context);
    } });
    const { startTracing } = await import("${TRACING}");
    const { createLogger } = await import("${LOGGER}");
    const { createLifecycle } = await import("${LIFECYCLE}");
    const logger = createLogger("test", "silent");
    const lifecycle = createLifecycle(logger);
    const tracer = await startTracing(
      { OTEL_EXPORTER_OTLP_ENDPOINT: process.env.OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER_ARG: 1 },
      "test", { logger, lifecycle });
    tracer.start("x", { kind: "internal" }).end();
    await lifecycle.stop();
    console.log(JSON.stringify({ isRecording: tracer.isRecording, loaded }));`;
  const env = {
    ...process.env,
    ...(endpoint === undefined ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
  };
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", source], {
    env,
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

test("without an endpoint nothing of OpenTelemetry is loaded", async () => {
  expect(await loadedWith(undefined)).toEqual({ isRecording: false, loaded: 0 });
});

test("with one it is, and a process whose endpoint refuses ends all the same", async () => {
  const { isRecording, loaded } = await loadedWith("http://127.0.0.1:9");
  expect(isRecording).toBe(true);
  expect(loaded).toBeGreaterThan(0);
});
