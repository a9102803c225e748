export function runChild(
  command: string,
  args: readonly string[],
  options?: { cwd?: string; env?: NodeJS.ProcessEnv; capture?: boolean },
): Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }>;
