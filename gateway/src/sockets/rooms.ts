/** Rooms on this gateway. */
export const conversationRoom = (conversationId: string): string => `conversation_${conversationId}`;
export const userRoom = (userId: string): string => `user_${userId}`;
/** Administrators in a conversation, who see what others do not. */
export const adminRoom = (conversationId: string): string => `admins_${conversationId}`;
export const ROOM_ADMINS = "admins";
