/** The people of the demo: their ids equal their usernames. */
export const DEMO = {
  users: [
    { id: "alice", username: "alice", displayName: "Alice", role: "USER" },
    { id: "bob", username: "bob", displayName: "Bob", role: "USER" },
    { id: "carol", username: "carol", displayName: "Carol", role: "USER" },
    { id: "dave", username: "dave", displayName: "Dave", role: "USER" },
    { id: "admin", username: "admin", displayName: "Administrator", role: "ADMIN" },
  ],
  conversations: [
    { id: "general", title: "General", members: ["alice", "bob", "carol"] },
    { id: "project", title: "Project", members: ["alice", "bob"] },
    { id: "notes", title: "Dave's notes", members: ["dave"] },
  ],
  shareLink: { id: "general-link", conversationId: "general" },
  guest: { id: "anon_demo", username: "guest", sessionToken: "demo-session-token" },
  messages: [
    { conversationId: "general", senderId: "alice", content: "Good morning! Who is around?" },
    { conversationId: "general", senderId: "bob", content: "I am. Coffee first." },
    { conversationId: "general", senderId: "carol", content: "Here too." },
    { conversationId: "project", senderId: "alice", content: "The draft is ready for review." },
    { conversationId: "project", senderId: "bob", content: "Reading it now." },
  ],
} as const;
