import { existsSync } from "node:fs";

/** Where a Chromium may be. Without the interface of a browser around the pages, half of the processor's time does. */
export const CHROMIUM_PLACES = [
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The program; undefined: there is none. */
export const CHROMIUM = CHROMIUM_PLACES.find(existsSync);

export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--no-first-run",
];
