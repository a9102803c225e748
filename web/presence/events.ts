export { CLIENT_EVENTS, SERVER_EVENTS } from "@meeshy/shared/event-names";
export type { UserStatus as UserStatusEvent } from "./wire.ts";
