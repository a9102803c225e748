// @vitest-environment happy-dom
import { act, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { renderToString } from "react-dom/server";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { AvailabilityPicker } from "../../presence/components/availability-picker.tsx";
import { AvatarStack, initialsOf } from "../../presence/components/avatar-stack.tsx";
import { ConnectionBanner } from "../../presence/components/connection-banner.tsx";
import { LastSeen } from "../../presence/components/last-seen.tsx";
import { OccupancyBadge } from "../../presence/components/occupancy-badge.tsx";
import { OnlineIndicator } from "../../presence/components/online-indicator.tsx";
import { PresenceList, type RenderPerson } from "../../presence/components/presence-list.tsx";
import { usePresence, useSelf } from "../../presence/hooks.ts";
import { PresenceProvider } from "../../presence/provider.tsx";
import { createFakePresence, type FakePresence } from "../../presence/testing.ts";

const NOON = Date.parse("2026-01-01T12:00:00.000Z");
const at = (ms: number) => new Date(NOON + ms).toISOString();
const MINUTE = 60_000;

beforeEach(() => {
  Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });
});
afterEach(() => {
  document.body.replaceChildren();
});

async function show(element: React.ReactNode): Promise<HTMLElement> {
  const place = document.body.appendChild(document.createElement("div"));
  const root = createRoot(place);
  await act(async () => root.render(element));
  onTestFinished(() => act(async () => root.unmount()));
  return place;
}
const given = (presence: FakePresence, children: React.ReactNode, locale = "en") => (
  <PresenceProvider presence={presence} locale={locale}>
    {children}
  </PresenceProvider>
);
const part = (place: HTMLElement, name: string) =>
  place.querySelector<HTMLElement>(`[data-presence="${name}"]`);

describe("a list of 1,000 people", () => {
  const ids = Array.from({ length: 1_000 }, (_, n) => `u${n}`);

  async function showList(presence: FakePresence) {
    const renders = new Map<string, number>();
    const row: RenderPerson = ({ userId, label, lastSeenText }) => {
      renders.set(userId, (renders.get(userId) ?? 0) + 1);
      return `${label} ${lastSeenText}`;
    };
    await show(given(presence, <PresenceList userIds={ids}>{row}</PresenceList>));
    expect(renders.size).toBe(1_000);
    renders.clear();
    return renders;
  }

  it("renders one row when one person changes", async () => {
    const presence = createFakePresence();
    const renders = await showList(presence);
    await act(async () => presence.setUser("u7"));
    expect([...renders]).toEqual([["u7", 1]]);
  });

  it("renders those rows whose words change when time passes, and no others", async () => {
    const presence = createFakePresence();
    presence.setServerTime(at(0));
    for (const [n, id] of ids.entries()) {
      // Who left a minute and a half ago reads "1 minute ago" for another half.
      const left = at(n < 3 ? -2 * MINUTE + 10_000 : -MINUTE - 10_000);
      presence.setUser(id, { isOnline: false, lastSeen: left, lastActiveAt: left });
    }
    const renders = await showList(presence);
    await act(async () => presence.setServerTime(at(15_000)));
    expect([...renders.keys()]).toEqual(["u0", "u1", "u2"]);
  });

  it("renders nothing when what arrives is older, or of people who are not shown", async () => {
    const presence = createFakePresence();
    presence.setUser("u7");
    const renders = await showList(presence);
    await act(async () => {
      presence.setUser("someone else");
      presence.setUser("u7", { version: -1 });
      presence.setOccupancy({ conversationId: "c", online: 1, total: 2 });
    });
    expect(renders.size).toBe(0);
  });
});

describe("a status that may be old", () => {
  it("is hollow and grey, and says so; it is a confident green again when the view is live", async () => {
    const presence = createFakePresence();
    presence.setServerTime(at(0));
    presence.setUser("bob", { lastActiveAt: at(-MINUTE) });
    const place = await show(given(presence, <OnlineIndicator userId="bob" showLabel />));
    expect(place.innerHTML).toContain('fill="#10b981"');

    await act(async () => presence.setConnection({ type: "stale", since: at(0), reason: "storage" }));
    expect(place.innerHTML).not.toContain("#10b981");
    expect(part(place, "dot")?.getAttribute("data-stale")).toBe("true");
    expect(part(place, "indicator")?.title).toBe("Online, may be out of date");

    await act(async () => {
      presence.setConnection({ type: "fresh" });
      presence.setConnection({ type: "snapshot" });
    });
    expect(place.innerHTML).toContain('fill="#10b981"');
  });

  it.each([
    [{ type: "lost" }, { type: "hold elapsed" }],
    [{ type: "silent", since: at(0) }],
    [{ type: "ended", reason: "expired" }],
    [{ type: "refused", error: { code: "unauthorized", message: "", retryable: false } }],
  ] as const)("is not green after %o", async (...events) => {
    const presence = createFakePresence();
    presence.setUser("bob", { lastActiveAt: null });
    const place = await show(given(presence, <OnlineIndicator userId="bob" />));
    expect(place.innerHTML).toContain("#10b981");
    await act(async () => {
      for (const event of events) presence.setConnection(event);
    });
    expect(place.innerHTML).not.toContain("#10b981");
  });

  it("is said once for the page, in the person's language, and not for a moment's loss", async () => {
    const presence = createFakePresence();
    const place = await show(given(presence, <ConnectionBanner />, "fr"));
    const banner = part(place, "banner");
    expect(banner?.hidden).toBe(true);
    await act(async () => presence.setConnection({ type: "lost" }));
    expect(banner?.hidden).toBe(true);
    await act(async () => presence.setConnection({ type: "hold elapsed" }));
    expect(banner?.textContent).toBe("Connexion…");
  });
});

describe("components", () => {
  it("show objects of the application's own, whose dates age by the server's clock", async () => {
    const presence = createFakePresence();
    presence.setServerTime(at(0));
    const user = { lastActiveAt: at(-4 * MINUTE) };
    const place = await show(
      given(
        presence,
        <>
          <OnlineIndicator user={user} showLabel /> <LastSeen user={user} />
        </>,
      ),
    );
    expect(place.textContent).toBe("Online Active now");
    await act(async () => presence.setServerTime(at(MINUTE)));
    expect(place.textContent).toBe("Away Last seen 5 minutes ago");
  });

  it("show a conversation's members and how many are online, and watch the members shown", async () => {
    const presence = createFakePresence();
    presence.setUser("bob");
    presence.setRoom("general", ["bob", "carol"]);
    const place = await show(
      given(
        presence,
        <>
          <OccupancyBadge conversationId="general" />
          <PresenceList conversationId="general" />
        </>,
      ),
    );
    expect(part(place, "occupancy")?.textContent).toBe("1 of 2 online");
    await act(async () => presence.setUser("carol", { displayName: "Carol C." }));
    expect(part(place, "occupancy")?.textContent).toBe("2 of 2 online");
    expect(place.textContent).toContain("Carol C.");
    await act(async () => presence.setOccupancy({ conversationId: "general", online: 240, total: 300 }));
    expect(part(place, "occupancy")?.textContent).toBe("240 of 300 online");
  });

  it("say in the person's language why a conversation cannot be shown", async () => {
    const place = await show(given(createFakePresence(), <PresenceList conversationId="none" />, "fr"));
    expect(place.textContent).toBe("Introuvable.");
  });

  it("let the person choose what they are shown as", async () => {
    const presence = createFakePresence({ self: "alice" });
    const place = await show(given(presence, <AvailabilityPicker />));
    const select = place.querySelector("select");
    if (!select) throw new Error("no picker");
    await act(async () => {
      select.value = "dnd";
      select.dispatchEvent(new Event("change", { bubbles: true }));
    });
    expect(presence.wishes).toEqual([{ availability: "dnd", statusText: null }]);
  });

  it("show people side by side with whole first characters, and how many more there are", async () => {
    const place = await show(
      given(createFakePresence(), <AvatarStack userIds={["ada", "b", "c", "d"]} max={2} />),
    );
    expect(part(place, "more")?.textContent).toBe("+2");
    expect(initialsOf("👩🏽‍🚀 zoë")).toBe("👩🏽‍🚀Z");
    expect(initialsOf("")).toBe("");
    expect(initialsOf("مريم حداد")).toBe("مح");
    expect(initialsOf("Åsa ".repeat(50))).toBe("ÅÅ");
  });

  it("show names of any writing as they are, set apart from what stands beside them", async () => {
    const names = ["مريم حداد", "\u202Eevil", "👩🏽‍🚀 Zoë", "x".repeat(200), "<b>bold</b>"];
    const presence = createFakePresence();
    for (const [n, displayName] of names.entries()) presence.setUser(`u${n}`, { displayName });
    const place = await show(given(presence, <PresenceList userIds={names.map((_, n) => `u${n}`)} />));
    expect([...place.querySelectorAll("bdi")].map(({ textContent }) => textContent)).toEqual(names);
  });
});

describe("a provider", () => {
  it("opens nothing on a server, where everyone is offline and nothing is certain", () => {
    const html = renderToString(
      <PresenceProvider url="http://127.0.0.1:9" token="t">
        <OnlineIndicator userId="bob" showLabel />
      </PresenceProvider>,
    );
    expect(html).toContain("Offline");
    expect(html).toContain('data-stale="true"');
  });

  it("says who is signed in, and watches while a component is mounted", async () => {
    const presence = createFakePresence({ self: "alice" });
    function Both() {
      const { label } = usePresence("bob");
      return `${useSelf()?.id} ${label}`;
    }
    const place = document.body.appendChild(document.createElement("div"));
    const root = createRoot(place);
    await act(async () => root.render(<StrictMode>{given(presence, <Both />)}</StrictMode>));
    expect(place.textContent).toBe("alice Offline");
    expect(presence.watched()).toEqual(["bob"]);
    await act(async () => root.unmount());
    expect(presence.watched()).toEqual([]);
  });
});
