"use client";

import { useEffect, useState } from "react";

const DEFAULT_COMMAND = "npm run -s token -- alice";

/** What to type for an administrator's token of the stack that serves this page. */
export function useTokenCommand(): string {
  const [command, setCommand] = useState(DEFAULT_COMMAND);
  useEffect(() => {
    const abort = new AbortController();
    fetch("/token-command.txt", { signal: abort.signal })
      .then((answer) => (answer.ok ? answer.text() : DEFAULT_COMMAND))
      .then(setCommand, () => {});
    return () => abort.abort();
  }, []);
  // The server's command is for a user of the demonstration.
  return command.replace(/\balice\b/, "admin");
}
