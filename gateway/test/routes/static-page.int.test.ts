import { createHash } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPage } from "../../src/routes/static-page.ts";
import { call, type RunningGateway, type Servers, signIn, startServers } from "../harness.ts";

const INLINE = 'self.__next_f.push("x")';
const STYLE = "body{margin:0}";
const NOT_FOUND = "<h1>Not here</h1><script>lost()</script>";
const DESK = "<h1>Desk</h1><script>desk()</script>";
let servers: Servers;
let gateway: RunningGateway;
let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "meeshy-page-"));
  await mkdir(join(dir, "_next/static"), { recursive: true });
  await mkdir(join(dir, "about"));
  const page = `<html><script src="/_next/static/a.js" async=""></script><script>${INLINE}</script><style>${STYLE}</style></html>`;
  await writeFile(join(dir, "index.html"), page);
  await writeFile(join(dir, "about/index.html"), "<script>other()</script>");
  await writeFile(join(dir, "404.html"), NOT_FOUND);
  await writeFile(join(dir, "desk.html"), DESK);
  await mkdir(join(dir, "desk"));
  await writeFile(join(dir, "desk/part.txt"), "of the framework");
  await writeFile(join(dir, "_next/static/a.js"), "1");
  await writeFile(join(dir, "..secret"), "no");
  servers = await startServers();
  gateway = await servers.gateway({ WEB_DIR: dir });
});
afterAll(async () => {
  await servers?.stop();
  await rm(dir, { recursive: true, force: true });
});

/** A request whose `host` may be any: fetch does not let it be chosen. */
function askRaw(url: string, path: string, headers: Record<string, string>) {
  return new Promise<{ status: number | undefined; cache: string | undefined; body: unknown }>(
    (resolve, reject) => {
      get(new URL(path, url), { headers }, (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode,
            cache: answer.headers["cache-control"],
            body: JSON.parse(text),
          }),
        );
      }).on("error", reject);
    },
  );
}

const hash = (source: string) => `'sha256-${createHash("sha256").update(source).digest("base64")}'`;

describe("the page", () => {
  it("is served at the root, with its own inline scripts allowed and no others", async () => {
    const page = await fetch(gateway.url);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(INLINE);
    const policy = page.headers.get("content-security-policy") ?? "";
    const scripts = policy.split(";").find((part) => part.startsWith("script-src ")) ?? "";
    expect(scripts.split(" ").sort()).toEqual(
      ["script-src", "'self'", hash(INLINE), hash("other()"), hash("lost()"), hash("desk()")].sort(),
    );
    expect(policy).toContain(`style-src 'self' ${hash(STYLE)}`);
    expect(policy).toContain("connect-src 'self' ws: wss:");
    expect(page.headers.get("cache-control")).toBe("no-cache");
  });

  it("has files that never change, and leaves the API and Socket.IO alone", async () => {
    const file = await fetch(`${gateway.url}/_next/static/a.js`);
    expect(file.headers.get("cache-control")).toContain("immutable");
    expect((await call(gateway.url, "/api/users/status", { as: "alice" })).status).toBe(200);
    expect((await call(gateway.url, "/missing.html")).body).toMatchObject({ error: { code: "not_found" } });
    (await signIn(gateway.url, "alice")).close();
  });

  it("has other pages at their names, although a directory of that name is there too", async () => {
    for (const path of ["/desk", "/desk/"]) {
      const page = await fetch(gateway.url + path, { redirect: "manual" });
      expect([path, page.status, await page.text()]).toEqual([path, 200, DESK]);
      expect(page.headers.get("cache-control")).toBe("no-cache");
      expect(page.headers.get("content-security-policy")).toContain(hash("desk()"));
    }
    expect((await fetch(`${gateway.url}/desk/part.txt`)).status).toBe(200);
  });

  it("is shown to a browser that opens an unknown address, where a program gets the error", async () => {
    const open = (url: string, accept: string) => fetch(`${url}/no/such/page`, { headers: { accept } });
    const page = await open(gateway.url, "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8");
    expect([page.status, page.headers.get("content-type")]).toEqual([404, "text/html; charset=utf-8"]);
    expect(await page.text()).toBe(NOT_FOUND);
    expect(page.headers.get("content-security-policy")).toContain(hash("lost()"));
    for (const accept of ["*/*", "application/json"]) {
      const error = await open(gateway.url, accept);
      expect([error.status, await error.json()]).toMatchObject([404, { error: { code: "not_found" } }]);
    }
    const bare = await servers.gateway();
    expect(await (await open(bare.url, "text/html")).text()).toContain("Page not found");
  });

  it("says what to type for a token where the launcher says so, and nowhere else", async () => {
    expect((await call(gateway.url, "/token-command.txt")).status).toBe(404);
    const command = "npm run -s token -- alice --data-dir /elsewhere";
    const launched = await servers.gateway({ WEB_DIR: dir, TOKEN_COMMAND: command });
    const answer = await fetch(`${launched.url}/token-command.txt`);
    expect([answer.status, await answer.text()]).toEqual([200, command]);
  });

  it("offers the people of the demo where the launcher says so, to this machine alone", async () => {
    const file = join(dir, "..people.json");
    const people = { people: [{ id: "alice", name: "Alice", token: "t" }] };
    await writeFile(file, JSON.stringify(people));
    expect((await call(gateway.url, "/demo-people.json")).status).toBe(404);
    const launched = await servers.gateway({ WEB_DIR: dir, DEMO_PEOPLE_FILE: file });
    const ask = (headers: Record<string, string> = {}) => askRaw(launched.url, "/demo-people.json", headers);
    expect(await ask()).toEqual({ status: 200, cache: "no-store", body: people });
    expect((await ask({ host: "localhost:8000", "sec-fetch-site": "same-origin" })).status).toBe(200);
    for (const headers of [
      { host: "rebound.example" },
      { host: "127.evil.example" },
      { "x-forwarded-for": "127.0.0.1" },
      { "sec-fetch-site": "cross-site" },
    ]) {
      const answer = await ask(headers);
      expect([answer.status, answer.body], JSON.stringify(headers)).toMatchObject([
        404,
        { error: { code: "not_found" } },
      ]);
    }
    await rm(file);
    expect((await ask()).status).toBe(404);
  });

  it("gives nothing from outside its directory", async () => {
    for (const path of ["/../package.json", "/%2e%2e/package.json", "/..%2fpackage.json", "/_next/"]) {
      expect((await fetch(gateway.url + path)).status).toBeGreaterThanOrEqual(400);
    }
  });

  it("that is not there fails the start", async () => {
    await expect(readPage(join(dir, "_next"))).rejects.toThrow(/has no page in it/);
  });
});
