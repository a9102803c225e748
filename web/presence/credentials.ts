/** What is given when it is asked for: at each connect, and before a token runs out. */
type Given = string | null | undefined;
/** A credential, or a function that gives one; null: the person is not signed in. */
export type Source = Given | (() => Given | Promise<Given>);

const ASK_MS = 30_000;

export interface Credentials {
  /** Whether asking again may give another one. */
  readonly isRenewable: boolean;
  /**
   * The credential as the handshake takes it.
   * @throws what the application's function throws
   * @throws {Error} it gave nothing within 30 s
   */
  ask(): Promise<{ token: string } | { sessionToken: string } | null>;
  /** What was given last, as HTTP takes it; asks if nothing was given yet. */
  headers(): Promise<Record<string, string>>;
  /** What was given last is not good any more. */
  forget(): void;
}

export function createCredentials(token: Source, sessionToken: Source): Credentials {
  const isSession = token === undefined && sessionToken !== undefined;
  const source = isSession ? sessionToken : token;
  let last: Awaited<ReturnType<Credentials["ask"]>> = null;
  const ask = async () => {
    const given = typeof source === "function" ? await within(Promise.resolve(source()), ASK_MS) : source;
    last = given ? (isSession ? { sessionToken: given } : { token: given }) : null;
    return last;
  };
  return {
    isRenewable: typeof source === "function",
    ask,
    async headers() {
      const given = last ?? (await ask());
      if (given === null) return {};
      return "token" in given
        ? { authorization: `Bearer ${given.token}` }
        : { "x-session-token": given.sessionToken };
    },
    forget() {
      last = null;
    },
  };
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no token within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
