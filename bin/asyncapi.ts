import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asyncApiDocument } from "@meeshy/shared/asyncapi/document";
import { withCloseReasons } from "./launcher/contract.ts";
import { ROOT } from "./launcher/root.ts";

/** Writes `docs/asyncapi.json` and the closing reasons of `docs/CONTRACT.md` from the tables in the code. */
writeFileSync(join(ROOT, "docs/asyncapi.json"), `${JSON.stringify(asyncApiDocument(), null, 2)}\n`);
const contract = join(ROOT, "docs/CONTRACT.md");
writeFileSync(contract, withCloseReasons(readFileSync(contract, "utf8")));
