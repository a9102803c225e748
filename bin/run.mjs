#!/usr/bin/env node
/**
 * Entry of every npm script. It runs on any Node from 20 on and needs no dependency: it installs them when they
 * are missing, then runs the command under Node 24, which is one of them.
 */
import { delimiter, dirname, join } from "node:path";
import { runChild } from "./run/child.mjs";
import { ensureInstalled } from "./run/install.mjs";
import { findNode24 } from "./run/node24.mjs";

const root = dirname(import.meta.dirname);

/** Commands with a program of their own; every other one is a task of the toolchain. */
const PROGRAMS = { start: "bin/start.ts", token: "bin/token.ts", preflight: "bin/preflight.ts" };

async function main([command = "start", ...args]) {
  if (Number.parseInt(process.versions.node, 10) < 20) {
    throw new Error(
      `Node ${process.versions.node} is too old: install Node 20 or newer, then run the same command again.`,
    );
  }
  await ensureInstalled(root);
  const node = findNode24(root);
  if (!node) {
    const platform = `${process.platform}-${process.arch}`;
    throw new Error(
      `This project runs on Node 24, and npm installed none for ${platform}: run \`npm ci\` without --omit=optional, or install Node 24.`,
    );
  }
  const target = PROGRAMS[command] ? [PROGRAMS[command]] : ["bin/task.ts", command];
  const env = {
    ...process.env,
    PATH: `${dirname(node)}${delimiter}${process.env.PATH}`,
    MEESHY_STARTED_BY: starters(),
    // What is stripped and compiled once is kept for the next process, which starts in half the time.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(root, "node_modules/.cache/compiled"),
  };
  return runChild(
    node,
    [...target.slice(0, 1).map((file) => join(root, file)), ...target.slice(1), ...args],
    { env },
  );
}

/** The processes between the person and the program; when one of them is killed, the program is abandoned. */
function starters() {
  return (process.env.npm_lifecycle_event ? [process.ppid, process.pid] : [process.pid]).join(",");
}

try {
  const { code, signal } = await main(process.argv.slice(2));
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code;
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
