import { SUBJECT_STATUS_ALL } from "../subjects.ts";
import {
  GUEST_REQUESTS,
  GUEST_ROLES,
  type GuestRole,
  NATS_ROLES,
  type NatsRole,
  PERMISSIONS,
  type Permissions,
} from "./permissions.ts";

/**
 * The configuration of one nats-server: JetStream on, loopback only unless told otherwise, one user per kind of
 * process. Production files are made from the same text, so what is tested here runs there.
 *
 * Guests have accounts of their own (ADR 0008): a permission names the subject of a request, but never where
 * its answer goes, and within one account a reader could have answers of JetStream written into the log.
 */
export interface NatsServerConfig {
  port: number;
  /** Directory of the JetStream files. */
  storeDir: string;
  /** Most that the files may take, in bytes; the server's own default is three quarters of the disk's free space. */
  maxStoreBytes?: number | undefined;
  /** Address to listen on. */
  host?: string;
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
const accountOf = (role: GuestRole) => role.toUpperCase();

/** Text of a nats-server configuration file. Every string is quoted, so paths and passwords need no care. */
export function natsServerConfig(config: NatsServerConfig): string {
  const lines = [
    `listen: ${JSON.stringify(`${config.host ?? "127.0.0.1"}:${config.port}`)}`,
    `max_payload: ${config.maxPayloadBytes ?? 1_048_576}`,
    `jetstream { store_dir: ${JSON.stringify(config.storeDir)}${storeLimit(config)} }`,
  ];
  if (config.passwords) lines.push(...accounts(config.passwords, config.others ?? []));
  return `${lines.join("\n")}\n`;
}

const storeLimit = ({ maxStoreBytes }: NatsServerConfig) =>
  maxStoreBytes === undefined ? "" : `, max_file_store: ${maxStoreBytes}`;

function accounts(passwords: Record<NatsRole, string>, others: readonly NatsUser[]): string[] {
  const user = (role: NatsRole) =>
    entry({ user: role, password: passwords[role], permissions: PERMISSIONS[role] });
  const own = NATS_ROLES.filter((role) => !GUEST_ROLES.some((guest) => guest === role));
  return [
    "accounts {",
    `  ${OWN_ACCOUNT} {`,
    "    jetstream: enabled",
    ...list("users", [...own.map(user), ...others.map(entry)]),
    ...list("exports", lent().map(entry)),
    "  }",
    ...GUEST_ROLES.flatMap((role) => [
      `  ${accountOf(role)} {`,
      ...list("users", [user(role)]),
      ...list("imports", borrowed(role).map(fromOwn).map(entry)),
      "  }",
    ]),
    "}",
  ];
}

/** What guests reach of the service's account: a stream of messages, or something to send requests to. */
type Shared = { stream: string } | { service: string; response_type?: "stream" };

function borrowed(role: GuestRole): Shared[] {
  const { services, others } = GUEST_REQUESTS[role];
  return [{ stream: SUBJECT_STATUS_ALL }, ...[...services, ...others].map((service) => ({ service }))];
}

/** Each subject once, with the accounts that it is lent to. */
function lent(): (Shared & { accounts: string[] })[] {
  const bySubject = new Map<string, Shared & { accounts: string[] }>();
  for (const role of GUEST_ROLES) {
    for (const shared of borrowed(role)) {
      const subject = "stream" in shared ? shared.stream : shared.service;
      const known = bySubject.get(subject) ?? { ...shared, ...answers(subject), accounts: [] };
      known.accounts.push(accountOf(role));
      bySubject.set(subject, known);
    }
  }
  return [...bySubject.values()];
}

/** Every gateway answers to discovery. */
const answers = (subject: string) =>
  subject.startsWith("$SRV.") ? { response_type: "stream" as const } : {};

const fromOwn = (shared: Shared) =>
  "stream" in shared
    ? { stream: { account: OWN_ACCOUNT, subject: shared.stream } }
    : { service: { account: OWN_ACCOUNT, subject: shared.service } };

const list = (name: string, entries: string[]) => [`    ${name} = [`, ...entries, "    ]"];

/** JSON is what a nats-server reads, too. */
const entry = (value: object): string => `      ${JSON.stringify(value)}`;
