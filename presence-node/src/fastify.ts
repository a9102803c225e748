/** A Fastify plugin: each request of a person counts as activity. */
export { type PresenceActivityOptions, presenceActivity } from "@meeshy/gateway/plugin/presence-activity";
