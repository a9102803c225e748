/** What the load is to be. */
export interface LoadPlan {
  url: string;
  users: number;
  /** chat messages a second of all together; each is a broadcast to the sender's conversation */
  broadcastsPerSecond: number;
  /** how long every user stays once all are connected, seconds */
  holdSeconds: number;
  /** CSV with a line a user: token, conversationId */
  peopleFile: string;
}

/** All users are connected after this, seconds. */
const ARRIVE_SECONDS = 30;
const P95_MS = 100;

/** The artillery script: every user connects, stays, and sends messages. Its thresholds are the pass marks. */
export function loadScript({ url, users, broadcastsPerSecond, holdSeconds, peopleFile }: LoadPlan) {
  const everySeconds = users / broadcastsPerSecond;
  const send = {
    emit: ["message:send", { conversationId: "{{ conversationId }}", content: "load" }],
    acknowledge: { match: [{ json: "$.0.success", value: true }] },
  };
  return {
    config: {
      target: url,
      phases: [{ name: "arrive", duration: ARRIVE_SECONDS, arrivalCount: users, maxVusers: users }],
      payload: { path: peopleFile, fields: ["token", "conversationId"], order: "sequence" },
      plugins: { ensure: {} },
      ensure: {
        thresholds: [{ "socketio.response_time.p95": P95_MS }],
        conditions: [{ expression: `vusers.completed == ${users}` }, { expression: "vusers.failed == 0" }],
      },
    },
    scenarios: [
      {
        engine: "socketio",
        // Not under `config`, which is filled in before any user has a token.
        socketio: { transports: ["websocket"], auth: { token: "{{ token }}" } },
        flow: [
          {
            loop: [send, { think: everySeconds }],
            count: Math.ceil((ARRIVE_SECONDS + holdSeconds) / everySeconds),
          },
        ],
      },
    ],
  };
}
