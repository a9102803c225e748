import { SERVICE_SUBJECTS, type ServiceSubject } from "../service-requests.ts";
import {
  allEvents,
  allPartitionEvents,
  BUCKET_LEASES,
  BUCKET_STATE,
  leaseKeys,
  STREAM_EVENTS,
  STREAM_STATUS,
  SUBJECT_CHAT_ALL,
  SUBJECT_CLEANUP,
  SUBJECT_GATEWAY_ALL,
  SUBJECT_OUTWARD_ALL,
  SUBJECT_OUTWARD_LAST_ALL,
  SUBJECT_STATUS_ALL,
  SUBJECT_STATUS_SET_ALL,
  SUBJECT_TYPING_ALL,
} from "../subjects.ts";
import { bucketStream, keySubject } from "./streams.ts";

/**
 * Who may do what on the bus (CONTRACT 7, ADR 0008). Everything that is not named is refused; each list holds
 * what its process has been seen to need.
 */

/** The users of the bus: one per kind of process, `service` for other teams' trusted services, `external` for readers, `admin` for operators. */
export const NATS_ROLES = ["gateway", "worker", "sweeper", "service", "external", "admin"] as const;
export type NatsRole = (typeof NATS_ROLES)[number];

/** Roles of other teams: each has an account of its own, into which only some subjects are imported. */
export const EXTERNAL_ROLES = ["service", "external"] as const;
export type ExternalRole = (typeof EXTERNAL_ROLES)[number];

export interface Permissions {
  publish: string[];
  subscribe: string[];
}

/** The inbox prefix of a role's connections: permissions depend on it, so no role reads another's replies. */
export const inboxPrefix = (role: NatsRole): string => `_INBOX_${role}`;

/** Replies to requests that came out of another account. */
const FOREIGN_REPLIES = "_R_.>";
const STREAMS = [STREAM_EVENTS, STREAM_STATUS, bucketStream(BUCKET_STATE), bucketStream(BUCKET_LEASES)];

const inbox = (role: NatsRole) => `${inboxPrefix(role)}.>`;
const lease = (key: string) => keySubject(BUCKET_LEASES, key);
const record = keySubject(BUCKET_STATE, "*.*");
const directGet = (stream: string, subject: string) => `$JS.API.DIRECT.GET.${stream}.${subject}`;

/** Every process makes the streams that are missing when it starts; none can delete one, only workers change one. */
const findStreams = STREAMS.flatMap((stream) => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.CREATE.${stream}`,
]);
/** An unnamed consumer, where its stream ends, single messages by which it is recognized, and the answers to its flow control. */
const follow = (stream: string) => [
  `$JS.API.DIRECT.GET.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
  `$JS.FC.${stream}.>`,
];
const changeStreams = STREAMS.map((stream) => `$JS.API.STREAM.UPDATE.${stream}`);
/** Compare-and-set of leases, and reading what stands in the way. */
const keepLeases = (...keys: string[]) => [
  ...keys.map(lease),
  ...keys.map((key) => directGet(bucketStream(BUCKET_LEASES), lease(key))),
  ...follow(bucketStream(BUCKET_LEASES)),
];

const DISCOVERY = ["PING", "INFO", "STATS"].flatMap((verb) => [`$SRV.${verb}`, `$SRV.${verb}.>`]);

/** What other teams may read: statuses as they change, and the last ones of users they can name. */
export const LAST_STATUS = directGet(STREAM_STATUS, SUBJECT_STATUS_SET_ALL);

/** What external accounts import beside the live statuses: every subject that they may send a request to. */
export const EXTERNAL_REQUESTS: Record<ExternalRole, { services: ServiceSubject[]; others: string[] }> = {
  service: { services: SERVICE_SUBJECTS, others: [LAST_STATUS, ...DISCOVERY] },
  external: { services: ["presence.query"], others: [LAST_STATUS] },
};

const externalUser = (role: ExternalRole): Permissions => ({
  publish: [...EXTERNAL_REQUESTS[role].services, ...EXTERNAL_REQUESTS[role].others],
  subscribe: ["presence.status.>", inbox(role)],
});

export const PERMISSIONS: Record<NatsRole, Permissions> = {
  gateway: {
    publish: [
      ...(["gw", "svc", "admin"] as const).map(allEvents),
      SUBJECT_CHAT_ALL,
      SUBJECT_TYPING_ALL,
      SUBJECT_OUTWARD_ALL,
      SUBJECT_CLEANUP,
      ...keepLeases(leaseKeys.gateway("*"), leaseKeys.settings),
      directGet(bucketStream(BUCKET_STATE), record),
      ...findStreams,
      ...follow(STREAM_STATUS),
      inbox("worker"),
      inbox("admin"),
      FOREIGN_REPLIES,
    ],
    subscribe: [
      inbox("gateway"),
      SUBJECT_STATUS_ALL,
      SUBJECT_CHAT_ALL,
      SUBJECT_TYPING_ALL,
      SUBJECT_GATEWAY_ALL,
      SUBJECT_OUTWARD_LAST_ALL,
      ...SERVICE_SUBJECTS,
      ...DISCOVERY,
    ],
  },
  worker: {
    publish: [
      SUBJECT_STATUS_SET_ALL,
      record,
      SUBJECT_GATEWAY_ALL,
      ...keepLeases(leaseKeys.partition("*"), leaseKeys.worker("*"), leaseKeys.epoch, leaseKeys.settings),
      LAST_STATUS,
      directGet(bucketStream(BUCKET_STATE), record),
      ...findStreams,
      ...changeStreams,
      ...follow(STREAM_EVENTS),
      // Nothing stays of a person who is deleted.
      `$JS.API.STREAM.PURGE.${STREAM_STATUS}`,
      ...follow(bucketStream(BUCKET_STATE)),
    ],
    subscribe: [inbox("worker")],
  },
  sweeper: {
    publish: [
      allEvents("sweep"),
      allPartitionEvents("sweep"),
      ...keepLeases(
        leaseKeys.sweeper("*"),
        leaseKeys.gateway("*"),
        leaseKeys.worker("*"),
        leaseKeys.settings,
      ),
      ...findStreams,
      // What every partition has passed, and what dead processes left behind.
      `$JS.API.STREAM.PURGE.${STREAM_EVENTS}`,
      `$JS.API.STREAM.PURGE.${bucketStream(BUCKET_LEASES)}`,
      inbox("gateway"),
    ],
    subscribe: [inbox("sweeper"), SUBJECT_STATUS_ALL, SUBJECT_CLEANUP],
  },
  service: externalUser("service"),
  external: externalUser("external"),
  // Reads everything and manages the streams; only the log decides a person's status.
  admin: {
    publish: ["$JS.API.>", "$JS.ACK.>", "$JS.FC.>", "$JS.SNAPSHOT.>", ...DISCOVERY, ...SERVICE_SUBJECTS],
    subscribe: [">"],
  },
};
