import { PresenceError } from "@meeshy/shared/codes";
import { isDeeperThan } from "../core/json-depth.ts";
import type { App } from "./context.ts";

/** Deeper than any body that a route takes. */
const DEPTH_MAX = 32;

/** JSON bodies of a bounded depth, without keys that reach prototypes. */
export function readJsonBodies(app: App): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body: string, done) => {
    if (isDeeperThan(body, DEPTH_MAX))
      done(new PresenceError("bad_request", "The body is nested too deeply."));
    else parse(request, body, done);
  });
}
