import { expect, test } from "vitest";
import { ERRORS, errorBody, PresenceError } from "../src/codes.ts";

test("a failure of ours is told as it is, with the hint when to come back", () => {
  const error = new PresenceError("rate_limited", "Later, please.", {
    retryAfterMs: 500,
    cause: new Error("x"),
  });
  expect(errorBody(error)).toEqual({
    code: "rate_limited",
    message: "Later, please.",
    retryable: true,
    retryAfterMs: 500,
  });
});

test("details are told where there are some", () => {
  const error = new PresenceError("bad_request", "Look here.", { details: ["a"] });
  expect(errorBody(error)).toEqual({
    code: "bad_request",
    message: "Look here.",
    retryable: false,
    details: ["a"],
  });
});

test("nothing of an unforeseen failure leaves the process", () => {
  const body = errorBody(new Error("password is hunter2"));
  expect(body).toMatchObject({ code: "internal", retryable: true });
  expect(JSON.stringify(body)).not.toContain("hunter2");
  expect(errorBody("text").code).toBe("internal");
});

test("only what may pass by itself is retryable", () => {
  const retryable = Object.entries(ERRORS).filter(([, { retryable }]) => retryable);
  expect(retryable.map(([code]) => code).sort()).toEqual(["internal", "rate_limited", "unavailable"]);
});
