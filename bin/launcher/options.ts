import { parseArgs } from "node:util";

/** What `npm start -- …` takes (CONTRACT 1). */
export type Options = {
  port: number;
  gateways: number;
  workers: number;
  sweepers: number;
  gatewayProcesses: number;
  dataDir: string;
  seed: boolean;
  web: boolean;
};

export type ParsedOptions =
  | { kind: "run"; options: Options }
  | { kind: "help" }
  | { kind: "faults"; faults: string[] };

export const USAGE = `npm start -- [options]

  --port <1-65535>          port of the first gateway; the next ones follow (8000)
  --gateways <1-64>         gateways to run (1)
  --workers <1-64>          presence workers to run (1)
  --sweepers <1-16>         sweepers to run (1)
  --gateway-processes <n>   processes of each gateway, 1-64; they share its port (1)
  --data-dir <directory>    where data, secrets and logs are kept (.data)
  --no-seed                 leave an empty database empty
  --no-web                  do not build and serve the web application
  --help                    this text

NATS_URL and DATABASE_URL name servers to use in place of embedded ones. The services get all other
variables of the environment.`;

const NUMBERS = {
  port: { default: 8000, max: 65_535 },
  gateways: { default: 1, max: 64 },
  workers: { default: 1, max: 64 },
  sweepers: { default: 1, max: 16 },
  "gateway-processes": { default: 1, max: 64 },
} as const;

/** Reads the command line; all faults are found at once. */
export function parseOptions(args: string[]): ParsedOptions {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  const { tokens } = parseArgs({
    args,
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(Object.keys(NUMBERS).map((name) => [name, text])),
      ...{ "data-dir": text, "no-seed": flag, "no-web": flag, help: { ...flag, short: "h" } },
    },
  });
  const faults: string[] = [];
  const values = new Map<string, string | undefined>();
  for (const token of tokens) {
    if (token.kind === "positional") faults.push(`${token.value}: not an option`);
    if (token.kind !== "option") continue;
    if (isKnown(token.name)) values.set(token.name, token.value);
    else faults.push(`${token.rawName}: there is no such option`);
  }
  if (values.has("help")) return { kind: "help" };

  for (const name of ["no-seed", "no-web"]) {
    if (values.get(name) !== undefined) faults.push(`--${name}=${values.get(name)}: takes no value`);
  }
  const dataDir = values.has("data-dir") ? values.get("data-dir") : ".data";
  if (!dataDir) faults.push("--data-dir: a directory must follow");
  const number = (name: keyof typeof NUMBERS) => numberOption(name, values, faults);
  const options: Options = {
    port: number("port"),
    gateways: number("gateways"),
    workers: number("workers"),
    sweepers: number("sweepers"),
    gatewayProcesses: number("gateway-processes"),
    dataDir: dataDir ?? "",
    seed: !values.has("no-seed"),
    web: !values.has("no-web"),
  };
  if (options.port + options.gateways - 1 > NUMBERS.port.max) {
    faults.push(`--port ${options.port} --gateways ${options.gateways}: ports end at ${NUMBERS.port.max}`);
  }
  return faults.length > 0 ? { kind: "faults", faults } : { kind: "run", options };
}

function isKnown(name: string): boolean {
  return name in NUMBERS || ["data-dir", "no-seed", "no-web", "help"].includes(name);
}

function numberOption(
  name: keyof typeof NUMBERS,
  values: Map<string, string | undefined>,
  faults: string[],
): number {
  if (!values.has(name)) return NUMBERS[name].default;
  const given = values.get(name) ?? "";
  const value = /^\d{1,5}$/.test(given) ? Number(given) : 0;
  if (value < 1 || value > NUMBERS[name].max) {
    faults.push(`--${name} ${given}: must be a whole number from 1 to ${NUMBERS[name].max}`);
    return NUMBERS[name].default;
  }
  return value;
}
