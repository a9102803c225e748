/**
 * The configuration of one nats-server (CONTRACT 7): JetStream on, loopback only unless told otherwise,
 * one user per kind of process. Production files are made from the same text, so what is tested here runs there.
 */

/** The users of the bus: one per kind of process, `service` for other teams' trusted services, `external` for readers. */
export const NATS_ROLES = ["gateway", "worker", "sweeper", "service", "external", "admin"] as const;
export type NatsRole = (typeof NATS_ROLES)[number];

type Permissions = { publish: string[]; subscribe: string[] };

/** The inbox prefix of a role's connections: permissions hang on it, so nobody reads another's replies. */
export function inboxPrefix(role: NatsRole): string {
  return `_INBOX_${role}`;
}

/**
 * `external` reads: changes as they happen, last values of named users by direct get, and the query service.
 * No consumer may be created: CONSUMER.CREATE lets a client have messages delivered to any subject.
 */
const PERMISSIONS: Partial<Record<NatsRole, Permissions>> = {
  external: {
    publish: ["presence.query", "$JS.API.DIRECT.GET.PRESENCE_STATUS.presence.set.*"],
    subscribe: ["presence.status.>", `${inboxPrefix("external")}.>`],
  },
};

const EVERYTHING: Permissions = { publish: [">"], subscribe: [">"] };

export type NatsServerConfig = {
  port: number;
  /** Directory of the JetStream files. */
  storeDir: string;
  /** Address to listen on. */
  host?: string;
  /** Largest message, in bytes; the server's own default is 1 MiB. */
  maxPayloadBytes?: number;
  /** Password of every role; without it the server asks for none. */
  passwords?: Record<NatsRole, string>;
};

/** Text of a nats-server configuration file. Every string is quoted, so paths and passwords need no care. */
export function natsServerConfig(config: NatsServerConfig): string {
  const lines = [
    `listen: ${JSON.stringify(`${config.host ?? "127.0.0.1"}:${config.port}`)}`,
    `max_payload: ${config.maxPayloadBytes ?? 1_048_576}`,
    `jetstream { store_dir: ${JSON.stringify(config.storeDir)} }`,
  ];
  if (config.passwords) lines.push("authorization {", "  users = [", ...users(config.passwords), "  ]", "}");
  return `${lines.join("\n")}\n`;
}

function users(passwords: Record<NatsRole, string>): string[] {
  return NATS_ROLES.map((role) => {
    const { publish, subscribe } = PERMISSIONS[role] ?? EVERYTHING;
    const permissions = `{ publish: ${JSON.stringify(publish)}, subscribe: ${JSON.stringify(subscribe)} }`;
    return `    { user: ${JSON.stringify(role)}, password: ${JSON.stringify(passwords[role])}, permissions: ${permissions} }`;
  });
}
