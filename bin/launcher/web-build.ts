import { ensureMade } from "./made-from.ts";
import { runTool } from "./tool.ts";

/** Directory of the built web application, relative to the checkout. */
export const WEB_OUTPUT = "web/out";

/** Sees to it that the web application is built from its present sources. */
export function ensureWebBuild(): Promise<void> {
  return ensureMade({
    name: "web",
    output: `${WEB_OUTPUT}/index.html`,
    inputs: [
      ...["web", "package-lock.json"],
      ...["events", "status", "subjects", "codes", "socket-events"].map((name) => `shared/src/${name}.ts`),
    ],
    ignored: [".next", "out", "test", "e2e", "next-env.d.ts", "tsconfig.tsbuildinfo"],
    doing: "building the web application (next build, under a minute)",
    make: () =>
      runTool("next build", "next/dist/bin/next", ["build"], "web", {
        NEXT_TELEMETRY_DISABLED: "1",
        NODE_ENV: "production",
      }),
  });
}
