import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { asyncApiDocument } from "@meeshy/shared/asyncapi/document";
import { ROOT } from "./launcher/root.ts";

/** Writes `docs/asyncapi.json` from the schemas. */
writeFileSync(join(ROOT, "docs/asyncapi.json"), `${JSON.stringify(asyncApiDocument(), null, 2)}\n`);
