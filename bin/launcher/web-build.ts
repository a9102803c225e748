import { ensureMade } from "./made-from.ts";
import { ROOT } from "./root.ts";
import { sharedImports } from "./shared-imports.ts";
import { runTool } from "./tool.ts";

/** Directory of the built web application, relative to the checkout. */
export const WEB_OUTPUT = "web/out";

/** Names below `web` of which the build is not made. */
export const NOT_BUILT_FROM = [
  ".next",
  "out",
  "dist",
  "test",
  "e2e",
  "next-env.d.ts",
  "tsconfig.tsbuildinfo",
];

/** Sees to it that the web application is built from its present sources, and the shared ones that it imports. */
export async function ensureWebBuild(): Promise<void> {
  const shared = await sharedImports(ROOT, "web", ["node_modules", ...NOT_BUILT_FROM]);
  await ensureMade({
    name: "web",
    output: `${WEB_OUTPUT}/index.html`,
    inputs: ["web", "package-lock.json", ...shared],
    ignored: NOT_BUILT_FROM,
    doing: "building the web application (next build, under a minute)",
    make: () =>
      runTool("next build", "next/dist/bin/next", ["build"], "web", {
        NEXT_TELEMETRY_DISABLED: "1",
        NODE_ENV: "production",
      }),
  });
}
