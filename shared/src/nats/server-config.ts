import { SUBJECT_OUTWARD_ALL, SUBJECT_OUTWARD_LAST_ALL, SUBJECT_STATUS_ALL } from "../subjects.ts";
import {
  EXTERNAL_REQUESTS,
  EXTERNAL_ROLES,
  type ExternalRole,
  LAST_STATUS,
  NATS_ROLES,
  type NatsRole,
  PERMISSIONS,
  type Permissions,
} from "./permissions.ts";

/**
 * The configuration of one nats-server: JetStream on, loopback only by default, one user per kind of
 * process. Production files are made from the same text, so what is tested here runs there.
 *
 * External users have accounts of their own (ADR 0008): a permission names the subject of a request, but never where
 * its answer goes, and within one account a reader could have answers of JetStream written into the log.
 */
export interface NatsServerConfig {
  port: number;
  /** Directory of the JetStream files. */
  storeDir: string;
  /** Most that the files may take, in bytes; the server's own default is three quarters of the disk's free space. */
  maxStoreBytes?: number | undefined;
  /**
   * How long an acknowledged write may wait for the disk: a duration of nats-server (`10s`), or `always`; the server's own
   * default is two minutes. Needs nats-server 2.10.
   */
  syncInterval?: string | undefined;
  /** Address to listen on. */
  host?: string;
  /** PEM files of the server's certificate; without them connections are not encrypted. */
  tls?: { cert: string; key: string } | undefined;
  /** Largest message, in bytes; the server's own default is 1 MiB. */
  maxPayloadBytes?: number;
  /** Password of every role; without it the server asks for none. */
  passwords?: Record<NatsRole, string>;
  /** Users of the service's own account beside its roles. */
  others?: NatsUser[];
}

export interface NatsUser {
  user: string;
  password: string;
  permissions: Permissions;
}

const OWN_ACCOUNT = "PRESENCE";
const accountOf = (role: ExternalRole) => role.toUpperCase();

/** Text of a nats-server configuration file. Every string is quoted, so paths and passwords need no care. */
export function natsServerConfig(config: NatsServerConfig): string {
  const lines = [
    `listen: ${JSON.stringify(`${config.host ?? "127.0.0.1"}:${config.port}`)}`,
    `max_payload: ${config.maxPayloadBytes ?? 1_048_576}`,
    `jetstream { store_dir: ${JSON.stringify(config.storeDir)}${storeLimit(config)}${syncOf(config)} }`,
  ];
  if (config.tls) {
    const { cert, key } = config.tls;
    lines.push(`tls { cert_file: ${JSON.stringify(cert)}, key_file: ${JSON.stringify(key)} }`);
  }
  if (config.passwords) lines.push(...accounts(config.passwords, config.others ?? []));
  return `${lines.join("\n")}\n`;
}

const storeLimit = ({ maxStoreBytes }: NatsServerConfig) =>
  maxStoreBytes === undefined ? "" : `, max_file_store: ${maxStoreBytes}`;

const syncOf = ({ syncInterval }: NatsServerConfig) =>
  syncInterval === undefined ? "" : `, sync_interval: ${syncInterval}`;

function accounts(passwords: Record<NatsRole, string>, others: readonly NatsUser[]): string[] {
  const user = (role: NatsRole) =>
    entry({ user: role, password: passwords[role], permissions: PERMISSIONS[role] });
  const own = NATS_ROLES.filter((role) => !EXTERNAL_ROLES.some((external) => external === role));
  return [
    "accounts {",
    `  ${OWN_ACCOUNT} {`,
    "    jetstream: enabled",
    ...list("users", [...own.map(user), ...others.map(entry)]),
    ...list("exports", lent().map(entry)),
    "  }",
    ...EXTERNAL_ROLES.flatMap((role) => [
      `  ${accountOf(role)} {`,
      ...list("users", [user(role)]),
      ...list("imports", borrowed(role).map(fromOwn).map(entry)),
      "  }",
    ]),
    "}",
  ];
}

/**
 * What an external account imports from the service's: a stream of messages, or a subject to send requests to. `to`: the
 * name that it has there, if another.
 */
type Shared = { to?: string } & ({ stream: string } | { service: string; response_type?: "stream" });

/** In place of the full feed, which is for trusted services, readers have what anyone may see, under the same subjects. */
const OUTWARD = new Map([
  [SUBJECT_STATUS_ALL, SUBJECT_OUTWARD_ALL],
  [LAST_STATUS, SUBJECT_OUTWARD_LAST_ALL],
]);

function borrowed(role: ExternalRole): Shared[] {
  const { services, others } = EXTERNAL_REQUESTS[role];
  const named = (subject: string): { subject: string; to?: string } => {
    const outward = role === "external" ? OUTWARD.get(subject) : undefined;
    return outward === undefined ? { subject } : { subject: outward, to: subject };
  };
  const { subject: stream, ...rest } = named(SUBJECT_STATUS_ALL);
  return [
    { stream, ...rest },
    ...[...services, ...others].map((service) => {
      const { subject, ...as } = named(service);
      return { service: subject, ...as };
    }),
  ];
}

/** Each subject once, with the accounts that it is lent to. */
function lent(): (Shared & { accounts: string[] })[] {
  const bySubject = new Map<string, Shared & { accounts: string[] }>();
  for (const role of EXTERNAL_ROLES) {
    for (const shared of borrowed(role)) {
      const subject = "stream" in shared ? shared.stream : shared.service;
      const { to: _, ...exported } = shared;
      const known = bySubject.get(subject) ?? { ...exported, ...answers(subject), accounts: [] };
      known.accounts.push(accountOf(role));
      bySubject.set(subject, known);
    }
  }
  return [...bySubject.values()];
}

/** Every gateway answers to discovery. */
const answers = (subject: string) =>
  subject.startsWith("$SRV.") ? { response_type: "stream" as const } : {};

const fromOwn = (shared: Shared) => ({
  ...("stream" in shared
    ? { stream: { account: OWN_ACCOUNT, subject: shared.stream } }
    : { service: { account: OWN_ACCOUNT, subject: shared.service } }),
  ...(shared.to === undefined ? {} : { to: shared.to }),
});

const list = (name: string, entries: string[]) => [`    ${name} = [`, ...entries, "    ]"];

/** JSON is what a nats-server reads, too. */
const entry = (value: object): string => `      ${JSON.stringify(value)}`;
