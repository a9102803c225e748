import type { ConnectionState } from "../connection.ts";
import { useConnectionState } from "../hooks.ts";
import type { Locale } from "../locale.ts";
import { errorText, phrasesOf } from "../phrases.ts";
import { usePresenceContext } from "../provider.tsx";

/** Says, once for the whole page, that statuses may be old, and why; nothing while they are live. */
export function ConnectionBanner() {
  const { locale } = usePresenceContext();
  const connection = useConnectionState();
  const text = describeConnection(connection, locale);
  return (
    <p data-presence="banner" data-phase={connection.phase} role="status" hidden={text === ""}>
      {text}
    </p>
  );
}

/** How the connection stands, in words; empty while it is live. */
function describeConnection(connection: ConnectionState, locale: Locale): string {
  const words = phrasesOf(locale);
  switch (connection.phase) {
    case "live":
      return "";
    case "connecting":
      return connection.held ? "" : words.connection.connecting;
    case "stale":
      return connection.recovering ? words.connection.recovering : words.connection.stale;
    case "refused":
      return connection.held ? "" : errorText(connection.error.code, locale);
    case "ended":
      return words.endings[connection.reason];
  }
}
