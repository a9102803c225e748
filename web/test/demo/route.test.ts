import { expect, it } from "vitest";
import { deviceName } from "../../demo/device-name.ts";
import { hrefOf, parseRoute, type Route } from "../../demo/route.ts";
import { countUnread, loadReadUntil } from "../../demo/unread.ts";

it("reads back the addresses that it writes, whatever the ids are", () => {
  const routes: Route[] = [
    { pane: "list" },
    { pane: "chat", conversationId: "general" },
    { pane: "people", conversationId: "a/b #%" },
    { pane: "people", conversationId: "a", personId: "auth0|1/x" },
  ];
  for (const route of routes) expect(parseRoute(hrefOf(route))).toEqual(route);
});

it("shows the conversations for any other address", () => {
  for (const hash of ["", "#", "#/", "#//people", "#/%zz"]) expect(parseRoute(hash).pane).toBe("list");
});

it("counts as unread what others wrote since, and nothing before the first visit is known", () => {
  const at = (minute: number, senderId = "bob") => ({
    id: `${minute}`,
    conversationId: "c",
    senderId,
    content: "",
    createdAt: new Date(minute * 60_000).toISOString(),
  });
  const messages = [at(1), at(2), at(3, "alice"), at(4)];
  expect(countUnread(messages, at(1).createdAt, "alice")).toBe(2);
  expect(countUnread(messages, at(4).createdAt, "alice")).toBe(0);
  expect(countUnread(messages, undefined, "alice")).toBe(0);
});

it.each(["not JSON", "null", "[1]", '{"a":1}'])("takes stored %s for nothing read", (stored) => {
  expect(loadReadUntil({ getItem: () => stored }, "alice")).toEqual({});
});

it.each([
  ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36", "Chrome, Linux"],
  ["Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141 Safari/537.36 Edg/141.0", "Edge, Windows"],
  ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"],
  ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Firefox/140.0", "Firefox, Mac"],
  ["curl", "web"],
])("names the device of %s", (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name);
});
