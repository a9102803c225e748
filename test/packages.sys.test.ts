import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { eventually } from "@meeshy/shared/testing/eventually";
import { type Browser, chromium } from "playwright-core";
import { rolldown } from "rolldown";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type RunningGateway, type Servers, startServers, tokenFor } from "../gateway/test/harness.ts";
import * as files from "./packages/files.ts";
import { createProject, type Project, serveFiles } from "./packages/project.ts";
import { readSnippets } from "./packages/snippets.ts";

/**
 * The packages as others use them: packed, installed into fresh projects outside of the checkout, built and run there
 * on a real gateway. Takes two to five minutes, most of it npm.
 */

const ROOT = join(import.meta.dirname, "..");
const NODE_20 = "/usr/bin/node";
const isNode20 = existsSync(NODE_20) && /^v20\./.test(String(spawnSync(NODE_20, ["-v"]).stdout));
const isReachable = spawnSync("npm", ["view", "react", "version"], { timeout: 20_000 }).status === 0;
if (!isReachable) console.warn("The packages are not tested: npm reaches no registry");
const executablePath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(
  existsSync,
);

const VITE = ["vite@8.3.8", "@vitejs/plugin-react@6.3.0", "typescript@6.0.3"];
/** npm is slow where the machine has other work. */
const INSTALL_MS = 600_000;

describe.skipIf(!isReachable)("the packages", () => {
  let dir: string;
  let servers: Servers;
  let gateway: RunningGateway;
  let browser: Browser | undefined;
  let tarballs: { sdk: string; node: string };
  const projects: Project[] = [];
  const sdkReadme = readSnippets("web/presence/README.md");
  const nodeReadme = readSnippets("presence-node/README.md");
  const packed = (folder: string) => {
    const { status, stdout, stderr } = spawnSync("npm", ["pack", "--json", "--pack-destination", dir], {
      cwd: join(ROOT, folder),
    });
    if (status !== 0) throw new Error(String(stderr));
    const [{ filename }] = JSON.parse(String(stdout)) as [{ filename: string }];
    return join(dir, filename);
  };

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "meeshy-packages-"));
    const build = spawnSync(process.execPath, [join(ROOT, "node_modules/tsdown/dist/run.mjs")], {
      cwd: ROOT,
    });
    if (build.status !== 0) throw new Error(String(build.stdout) + String(build.stderr));
    tarballs = { sdk: packed("web/presence"), node: packed("presence-node") };
    servers = await startServers();
    // Whom a README keeps online without a socket.
    await servers.db.user.create({ data: { id: "bot", username: "bot" } });
    gateway = await servers.gateway({ CORS_ORIGINS: "*" });
    await servers.publishStatus("bob", {
      username: "bob",
      displayName: "Bob",
      conversationIds: ["general", "project"],
    });
    if (executablePath) {
      browser = await chromium.launch({
        executablePath,
        args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"],
      });
    }
  }, INSTALL_MS);
  const stopProjects = async () => {
    for (const project of projects) await project.stop();
  };
  afterEach(stopProjects);
  afterAll(async () => {
    await stopProjects();
    await browser?.close();
    await servers?.stop();
    if (dir) await rm(dir, { recursive: true, force: true });
  });

  async function project(
    name: string,
    content: Record<string, string>,
    packages: string[],
  ): Promise<Project> {
    const manifest = JSON.stringify({ name, private: true, type: "module" });
    const made = await createProject(join(dir, name), { "package.json": manifest, ...content }, packages);
    projects.push(made);
    return made;
  }
  const token = () => tokenFor("alice", {}, { expiresIn: 3_600 });
  const settings = () =>
    `export const gatewayUrl = ${JSON.stringify(gateway.url)};\nexport const getToken = async () => ${JSON.stringify(token())};\n`;

  /** Opens a page and waits until it shows that bob is online; nothing may fail on it. */
  async function showsBob(
    url: string,
    selector = '[data-presence="indicator"][data-status="online"]',
  ): Promise<string | null> {
    if (!browser) return null;
    const page = await browser.newPage();
    const failures: string[] = [];
    page.on("pageerror", (error) => failures.push(String(error)));
    await page.goto(url);
    await page
      .locator(selector)
      .first()
      .waitFor({ timeout: 30_000 })
      .catch(async (error) => {
        throw new Error(`${error}\n${failures.join("\n")}\n${await page.content()}`);
      });
    const text = await page.locator("body").textContent();
    await page.close();
    expect(failures).toEqual([]);
    return text;
  }

  it("are small, whole and free of what is ours alone", async () => {
    const size = (await stat(tarballs.sdk)).size;
    expect(size).toBeLessThanOrEqual(100_000);
    for (const folder of ["web/presence", "presence-node"]) {
      for (const name of await readdir(join(ROOT, folder, "dist"))) {
        expect(readFileSync(join(ROOT, folder, "dist", name), "utf8")).not.toMatch(
          /@meeshy\/(shared|gateway)/,
        );
      }
    }
    const three = await gzipped('export { PresenceProvider, OnlineIndicator } from "./react.js"');
    console.info(`packed ${size} B; the three lines ${three} B by gzip, without React and socket.io-client`);
    expect(three).toBeLessThanOrEqual(8_000);
  });

  const viteFiles = () => ({
    "tsconfig.json": files.VITE_TSCONFIG,
    "vite.config.js": files.VITE_CONFIG,
    "index.html": files.INDEX_HTML,
    "src/main.tsx": files.MAIN_TSX,
    "src/settings.ts": settings(),
    "src/app.tsx": `import { gatewayUrl, getToken } from "./settings.ts";\n${sdkReadme.take("app.tsx")}`,
    "src/hooks.tsx": sdkReadme.take("hooks.tsx"),
    "src/components.tsx": sdkReadme.take("components.tsx"),
  });

  it(
    "work with Vite and React 19: types, tests with the fake, the dev server, the build",
    async () => {
      const made = await project(
        "vite-19",
        { ...viteFiles(), "src/dot.test.tsx": sdkReadme.take("dot.test.tsx") },
        [
          tarballs.sdk,
          ...VITE,
          ...["react@19.3.1", "react-dom@19.3.1", "@types/react@19.3.0", "@types/react-dom@19.3.0"],
          ...["vitest@5.1.1", "happy-dom@21.0.4", "@testing-library/react@16", "@testing-library/dom@10"],
        ],
      );
      await made.run("node_modules/typescript/bin/tsc");
      expect(await made.run("node_modules/vitest/vitest.mjs", ["run"])).toContain("1 passed");
      const vite = "node_modules/vite/bin/vite.js";
      await made.run(vite, ["build"]);
      for (const mode of [[], ["preview"]]) {
        const url = await made.serve(vite, (port) => [
          ...mode,
          "--port",
          String(port),
          "--host",
          "127.0.0.1",
        ]);
        const text = await showsBob(url);
        if (browser) expect(text).toContain("Bob: Online");
      }
    },
    INSTALL_MS,
  );

  it(
    "work with Vite and React 18",
    async () => {
      const made = await project("vite-18", viteFiles(), [
        tarballs.sdk,
        ...VITE,
        ...["react@18.3.1", "react-dom@18.3.1", "@types/react@18", "@types/react-dom@18"],
      ]);
      await made.run("node_modules/typescript/bin/tsc");
      const vite = "node_modules/vite/bin/vite.js";
      await made.run(vite, ["build"]);
      const url = await made.serve(vite, (port) => [
        "preview",
        "--port",
        String(port),
        "--host",
        "127.0.0.1",
      ]);
      const text = await showsBob(url);
      if (browser) expect(text).toContain("Bob: Online");
    },
    INSTALL_MS,
  );

  it(
    "work with Next.js and server components",
    async () => {
      const page = `import { Bob } from "./bob";
import { gatewayUrl, getToken } from "./settings";
export const dynamic = "force-dynamic";
export default async function Page() {
  return <Bob url={gatewayUrl} token={await getToken()} />;
}
`;
      const made = await project(
        "next",
        {
          "tsconfig.json": files.NEXT_TSCONFIG,
          "next.config.mjs": "export default { turbopack: { root: import.meta.dirname } };\n",
          "app/layout.tsx": `export default function Layout({ children }: { children: React.ReactNode }) {
  return <html lang="en"><body>{children}</body></html>;
}
`,
          "app/page.tsx": page,
          "app/bob.tsx": sdkReadme.take("next-presence.tsx"),
          "app/settings.ts": settings(),
        },
        [
          tarballs.sdk,
          ...["next@16.4.6", "react@19.3.1", "react-dom@19.3.1", "typescript@6.0.3"],
          ...["@types/react@19.3.0", "@types/react-dom@19.3.0", "@types/node@24.19.2"],
        ],
      );
      const next = "node_modules/next/dist/bin/next";
      await made.run(next, ["build"]);
      const url = await made.serve(next, (port) => [
        "start",
        "--port",
        String(port),
        "--hostname",
        "127.0.0.1",
      ]);
      const connections = await gateway.metric("meeshy_connections");
      expect(await (await fetch(url)).text()).toMatch(/data-presence="label"[^>]*>Offline</);
      expect(await gateway.metric("meeshy_connections")).toBe(connections);
      await showsBob(url);
    },
    INSTALL_MS,
  );

  it(
    "work in Node 20 and 24, for strict NodeNext, and in a page without a bundler",
    async () => {
      const { url, password } = servers.nats.as("service");
      const nats = `const servers = ${JSON.stringify(url)};\nconst password = ${JSON.stringify(password)};\n`;
      const browserLines = `const gatewayUrl = ${JSON.stringify(gateway.url)};\nconst getToken = async () => ${JSON.stringify(token())};\n`;
      const made = await project(
        "node",
        {
          "tsconfig.json": files.NODE_TSCONFIG,
          "types.ts": files.TYPES_TS,
          "core.js": browserLines + sdkReadme.take("core.js"),
          "locale.js": sdkReadme.take("locale.js"),
          "client.js": nats + nodeReadme.take("client.js"),
          "server.js": `${nats}${nodeReadme.take("server.js")}
console.log((await app.inject({ url: "/", headers: { "x-user": "carol" } })).body);
`,
        },
        [tarballs.sdk, tarballs.node, "fastify@5.12.8", "typescript@6.0.3", "@types/node@24.19.2"],
      );
      await made.run("node_modules/typescript/bin/tsc");
      for (const node of [process.execPath, ...(isNode20 ? [NODE_20] : [])]) {
        await made.prints("core.js", "live Online", node);
        expect(await made.run("locale.js", [], node)).toBe("Trop de demandes. Attendez un instant.\n");
        expect(await made.run("client.js", [], node)).toContain("bob true");
      }
      await made.prints("server.js", "hello", isNode20 ? NODE_20 : undefined);
      await eventually(async () =>
        (await servers.readLog()).some(
          ({ event, subject }) => event.type === "activity" && subject.endsWith(".carol"),
        ),
      );

      const head = `<script>const gatewayUrl = ${JSON.stringify(gateway.url)}; const token = ${JSON.stringify(token())};</script>`;
      const html = head + sdkReadme.take("page.html");
      const site = await serveFiles(async (path) => (path === "/" ? html : readFile(join(made.dir, path))));
      await showsBob(site.url, "#bob:text('Online')");
      await site.stop();
    },
    INSTALL_MS,
  );

  it("have no code in their READMEs that was not run", () => {
    expect([...sdkReadme.unused(), ...nodeReadme.unused()]).toEqual([]);
  });
});

/** Bytes of what an application loads for this code, minified and compressed, without React and socket.io-client. */
async function gzipped(code: string): Promise<number> {
  const bundle = await rolldown({
    input: "entry",
    external: [/^react/, /^socket\.io-client/],
    cwd: join(ROOT, "web/presence/dist"),
    onLog() {},
    plugins: [
      {
        name: "entry",
        resolveId: (id) => (id === "entry" ? join(ROOT, "web/presence/dist/entry.js") : null),
        load: (id) => (id.endsWith("/entry.js") ? code : null),
      },
    ],
  });
  const { output } = await bundle.generate({ minify: true });
  return gzipSync(output[0].code, { level: 9 }).length;
}
