import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@meeshy/shared/servers/free-port";
import { providePostgres } from "@meeshy/shared/servers/postgres-binary";
import { postgresServer } from "@meeshy/shared/servers/postgres-server";
import { runServer } from "@meeshy/shared/testing/run-server";
import { expect, onTestFinished, test } from "vitest";
import { postgresData } from "../launcher/postgres-data.ts";

const say = () => {};
const idOfNobody = () => Number(execFileSync("id", ["-u", "nobody"], { encoding: "utf8" }));

test.runIf(process.getuid?.() === 0)(
  "under root PostgreSQL runs as a user id that no other program has, also on data that earlier releases left to `nobody`",
  async () => {
    const directory = mkdtempSync(join(tmpdir(), "meeshy-postgres-data-"));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    chmodSync(directory, 0o711);
    const binaries = await providePostgres(say);
    const open = () => postgresData(directory, binaries, "password", say);
    const home = await open();
    const first = statSync(home).uid;
    expect([0, idOfNobody()]).not.toContain(first);
    expect(() => execFileSync("id", [String(first)], { stdio: "ignore" })).toThrow();

    execFileSync("chown", ["-R", String(idOfNobody()), realpathSync(home)]);
    await open();
    const port = await freePort();
    const server = await runServer(
      { ...postgresServer({ binaries, dataDir: home, port, password: "password" }), stopSignal: "SIGQUIT" },
      join(directory, "run"),
    );
    onTestFinished(() => server.stop());
    const [, uids] = /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${server.pid}/status`, "utf8")) ?? [];
    expect(new Set(uids?.split("\t").map(Number))).toEqual(new Set([statSync(home).uid]));
    expect([0, idOfNobody()]).not.toContain(statSync(home).uid);
    expect(statSync(join(home, "PG_VERSION")).uid).toBe(statSync(home).uid);
  },
);
