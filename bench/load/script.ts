/** What the load is to be. */
export interface LoadPlan {
  url: string;
  users: number;
  /** chat messages a second of all together; each is a broadcast to the sender's conversation */
  broadcastsPerSecond: number;
  /** how long everybody stays once all are in, seconds */
  holdSeconds: number;
  /** CSV with a line a user: token, conversationId */
  peopleFile: string;
}

/** Everybody has come in after this, seconds. */
const ARRIVE_SECONDS = 30;
const P95_MS = 100;

/** The artillery script: everybody connects, stays, and sends a message now and then. Its thresholds are the pass marks. */
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
        // Not under `config`: what stands there is filled in before anybody has a token.
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
