import { createHash } from "node:crypto";
import { glob, readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import fastifyStatic from "@fastify/static";
import type { App } from "./context.ts";
import { serveDemoPeople } from "./demo-people.ts";

/** The exported web app (CONTRACT 1). */
export interface StaticPage {
  dir: string;
  /** its pages besides the first: `console.html`, which is served at `/console` */
  others: string[];
  /** what its inline scripts and styles need in a content security policy */
  inlineHashes: { scripts: string[]; styles: string[] };
  /** the page for an unknown address; undefined: the app has none */
  notFound: string | undefined;
}

const INLINE_SCRIPT = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/gi;
const INLINE_STYLE = /<style[^>]*>([\s\S]*?)<\/style>/gi;
/** Names that begin with `_` are the framework's own. */
const OTHER_PAGE = /^[a-z][a-z-]*\.html$/;
/** Next.js puts a hash of the content into the names of these files. */
const IMMUTABLE = "/_next/static/";

/** Reads the pages once. Rejects when there are none, so that a wrong directory shows at start. */
export async function readPage(dir: string): Promise<StaticPage> {
  const scripts = new Set<string>();
  const styles = new Set<string>();
  const others: string[] = [];
  let pages = 0;
  let notFound: string | undefined;
  for await (const name of glob("**/*.html", { cwd: dir })) {
    const html = await readFile(join(dir, name), "utf8");
    for (const [, source = ""] of html.matchAll(INLINE_SCRIPT)) scripts.add(hashOf(source));
    for (const [, source = ""] of html.matchAll(INLINE_STYLE)) styles.add(hashOf(source));
    if (name === "404.html") notFound = html;
    else if (OTHER_PAGE.test(name) && name !== "index.html") others.push(name);
    pages++;
  }
  if (pages === 0) throw new Error(`WEB_DIR ${dir} has no page in it`);
  const inlineHashes = { scripts: [...scripts], styles: [...styles] };
  return { dir: resolve(dir), others, inlineHashes, notFound };
}

/** Serves the app at `/`, its other pages at their names, and what its sign-in page offers (the demo's people, what to type for a token); what it does not have is an unknown route like any other. */
export async function servePage(
  app: App,
  { dir, others }: StaticPage,
  { tokenCommand, demoPeopleFile }: Record<"tokenCommand" | "demoPeopleFile", string | undefined>,
): Promise<void> {
  if (demoPeopleFile !== undefined) serveDemoPeople(app, demoPeopleFile);
  if (tokenCommand !== undefined)
    app.get("/token-command.txt", { schema: { hide: true } }, (_request, reply) =>
      reply.type("text/plain; charset=utf-8").header("cache-control", "no-cache").send(tokenCommand),
    );
  await app.register(fastifyStatic, {
    root: dir,
    cacheControl: false,
    setHeaders(reply, path) {
      reply.header(
        "cache-control",
        path.includes(IMMUTABLE) ? "public, max-age=31536000, immutable" : "no-cache",
      );
    },
  });
  for (const name of others) {
    // Beside `console.html` the export has a directory `console`, which would be found first.
    for (const path of [`/${basename(name, ".html")}`, `/${basename(name, ".html")}/`])
      app.get(path, { schema: { hide: true } }, (_request, reply) => reply.sendFile(name));
  }
}

const hashOf = (source: string): string => `'sha256-${createHash("sha256").update(source).digest("base64")}'`;
