/** Rooms on this gateway. */
export const conversationRoom = (conversationId: string): string => `conversation_${conversationId}`;
export const userRoom = (userId: string): string => `user_${userId}`;
/** Sockets that watch a person. */
export const watchRoom = (userId: string): string => `watch_${userId}`;
/** Administrators, who see what others do not. */
export const ROOM_ADMINS = "admins";
