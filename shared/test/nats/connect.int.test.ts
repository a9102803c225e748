import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type NatsLink, openNats } from "@meeshy/shared/nats/connect";
import { ensureStreams } from "@meeshy/shared/nats/streams";
import { StreamNotFound } from "@meeshy/shared/ports/bus";
import { STREAM_EVENTS } from "@meeshy/shared/subjects";
import { eventually } from "@meeshy/shared/testing/eventually";
import { startNats } from "@meeshy/shared/testing/servers";
import { AuthorizationError } from "@nats-io/nats-core";
import { describe, expect, onTestFinished, test } from "vitest";
import { linkTurns, openLink } from "./kit.ts";

const closedAtEnd = (link: NatsLink) => {
  onTestFinished(() => link.close());
  return link;
};

describe("a link", () => {
  test("waits for a server that is not there yet", async () => {
    const nats = await startNats();
    onTestFinished(() => nats.stop());
    await nats.kill();
    const opening = openLink(nats.url);
    await nats.restart();
    expect((await opening).isUp()).toBe(true);
  });

  test("reports each break and return, until the listener is removed", async () => {
    const nats = await startNats();
    onTestFinished(() => nats.stop());
    const link = await openLink(nats.url);
    const changes: boolean[] = [];
    const forget = link.onChange((up) => void changes.push(up));
    await nats.kill();
    await eventually(() => !link.isUp());
    await nats.restart();
    await eventually(() => link.isUp());
    expect(changes).toEqual([false, true]);
    forget();
    const down = linkTurns(link, false);
    await nats.kill();
    await down;
    expect(changes).toEqual([false, true]);
  });

  test("notices a server that stands still", async () => {
    const nats = await startNats();
    onTestFinished(() => nats.stop());
    const link = await openLink(nats.url);
    const down = linkTurns(link, false);
    await nats.kill("SIGSTOP");
    await down;
    await nats.kill("SIGCONT");
    await eventually(() => link.isUp());
  });

  test("is down once it is closed", async () => {
    const nats = await startNats();
    onTestFinished(() => nats.stop());
    const link = await openLink(nats.url);
    await link.close();
    expect(link.isUp()).toBe(false);
  });

  test("takes its inboxes from those of its user, and is refused with a wrong password", async () => {
    const nats = await startNats({ auth: true });
    onTestFinished(() => nats.stop());
    const link = await openNats(
      { url: nats.url, user: "sweeper", password: nats.passwords?.sweeper },
      "sweeper-1",
    );
    onTestFinished(() => link.close());
    // Without permission for its inboxes it would get no answer.
    expect((await link.info(STREAM_EVENTS).catch((error) => error)) instanceof StreamNotFound).toBe(true);
    const wrong = openNats({ url: nats.url, user: "sweeper", password: "guess" }, "sweeper-2");
    await expect(wrong).rejects.toThrow(/authorization/i);
  });

  test("comes back after the server refused its credentials for seconds", async () => {
    const nats = await startNats({ auth: true });
    onTestFinished(() => nats.stop());
    const link = await openNats(nats.as("sweeper"), "sweeper-1");
    onTestFinished(() => link.close());
    const config = join(dirname(nats.storeDir), "nats-server.conf");
    const right = await readFile(config, "utf8");
    const reload = async (text: string) => {
      await writeFile(config, text);
      await nats.kill("SIGHUP");
    };
    const refusals: unknown[] = [];
    void (async () => {
      for await (const status of link.nc.status()) {
        if (status.type === "error" && status.error instanceof AuthorizationError) refusals.push(status);
      }
    })();
    const down = linkTurns(link, false);
    await reload(right.replace(nats.passwords?.sweeper ?? "?", "another password"));
    await down;
    await eventually(() => refusals.length >= 4, { what: "several refusals" });
    await reload(right);
    await eventually(() => link.isUp());
    await ensureStreams(await openNats(nats.as("tester"), "tester").then(closedAtEnd), 1);
    expect(await link.info(STREAM_EVENTS)).toMatchObject({ last: 0 });
  });
});
