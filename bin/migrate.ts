import { parseArgs } from "node:util";
import { migrate } from "@meeshy/shared/db/migrate";
import { seedDemo } from "@meeshy/shared/db/seed";

/** Brings the database that DATABASE_URL names to the newest schema; `--seed` adds demo data to an empty one. */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { seed: { type: "boolean", default: false } } });
  const url = process.env.DATABASE_URL;
  if (!url)
    throw new Error("DATABASE_URL is not set; it names the database: postgresql://user:password@host/name");
  const { applied } = await migrate(url);
  console.log(applied.length > 0 ? `applied ${applied.join(", ")}` : "the schema is up to date");
  if (values.seed && (await seedDemo(url)).seeded) console.log("added demo data");
}

main().catch((error) => {
  console.error(error.message || error);
  process.exitCode = 1;
});
