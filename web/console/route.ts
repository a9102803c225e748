"use client";

import { useSyncExternalStore } from "react";
import { PEOPLE_FILTERS, type PeopleFilter } from "./wire.ts";

/** What the console shows, kept in the address so that a view can be sent to a colleague. */
export type Route =
  | { view: "people"; state: PeopleFilter | null; search: string }
  | { view: "person"; userId: string }
  | { view: "processes" }
  | { view: "live"; userId: string };

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [view, id] = path.split("/");
  const parameters = new URLSearchParams(query);
  if (view === "processes") return { view };
  if (view === "live") return { view, userId: parameters.get("user") ?? "" };
  const userId = view === "people" && id ? decode(id) : undefined;
  if (userId !== undefined) return { view: "person", userId };
  const state = PEOPLE_FILTERS.find((name) => name === parameters.get("state")) ?? null;
  return { view: "people", state, search: parameters.get("q") ?? "" };
}

export function hashOf(route: Route): string {
  if (route.view === "person") return `#/people/${encodeURIComponent(route.userId)}`;
  const parameters = new URLSearchParams();
  if (route.view === "people") {
    if (route.state !== null) parameters.set("state", route.state);
    if (route.search !== "") parameters.set("q", route.search);
  }
  if (route.view === "live" && route.userId !== "") parameters.set("user", route.userId);
  const query = parameters.toString();
  return `#/${route.view}${query === "" ? "" : `?${query}`}`;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

/** Changes the address without a step in the browser's history: for what is typed. */
export function replaceRoute(route: Route): void {
  history.replaceState(history.state, "", hashOf(route));
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

const subscribe = (listener: () => void): (() => void) => {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
};

/** The present route's address; parse it with {@link parseRoute}. */
export const useHash = (): string =>
  useSyncExternalStore(
    subscribe,
    () => location.hash,
    () => "",
  );
