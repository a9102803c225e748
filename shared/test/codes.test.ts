import { expect, test } from "vitest";
import { ERRORS, errorBody, isOwnFault, PresenceError } from "../src/codes.ts";

test("a failure of ours is sent as it is, with the time after which to come back", () => {
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

test("details are sent where there are some", () => {
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

test("only what this service has to answer for is logged as its fault", () => {
  expect(isOwnFault("internal") && isOwnFault("unavailable")).toBe(true);
  for (const code of ["not_implemented", "not_found", "rate_limited"] as const)
    expect(isOwnFault(code), code).toBe(false);
});
