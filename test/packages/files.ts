/** Files as the tools' own starters make them: `create-vite --template react-ts`, `create-next-app`, `tsc --init`. */

export const VITE_TSCONFIG = JSON.stringify({
  compilerOptions: {
    target: "ES2022",
    useDefineForClassFields: true,
    lib: ["ES2022", "DOM", "DOM.Iterable"],
    module: "ESNext",
    types: ["vite/client"],
    skipLibCheck: true,
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    moduleDetection: "force",
    noEmit: true,
    jsx: "react-jsx",
    strict: true,
    noUnusedLocals: true,
    noUnusedParameters: true,
    erasableSyntaxOnly: true,
    noFallthroughCasesInSwitch: true,
    noUncheckedSideEffectImports: true,
  },
  include: ["src"],
});

export const NEXT_TSCONFIG = JSON.stringify({
  compilerOptions: {
    target: "ES2017",
    lib: ["dom", "dom.iterable", "esnext"],
    allowJs: true,
    skipLibCheck: true,
    strict: true,
    noEmit: true,
    esModuleInterop: true,
    module: "esnext",
    moduleResolution: "bundler",
    resolveJsonModule: true,
    isolatedModules: true,
    jsx: "react-jsx",
    incremental: true,
    plugins: [{ name: "next" }],
  },
  include: ["next-env.d.ts", "**/*.ts", "**/*.tsx", ".next/types/**/*.ts"],
  exclude: ["node_modules"],
});

/** With `skipLibCheck` off the packages' own declarations are checked as well. */
export const NODE_TSCONFIG = JSON.stringify({
  compilerOptions: {
    target: "es2023",
    lib: ["es2023", "dom", "dom.iterable", "esnext.disposable"],
    module: "nodenext",
    strict: true,
    skipLibCheck: false,
    noEmit: true,
    types: ["node"],
  },
  include: ["types.ts"],
});

export const VITE_CONFIG = `import { defineConfig } from "vite";
import react from "@vitejs/plugin-react";
export default defineConfig({ plugins: [react()], test: { environment: "happy-dom" } });
`;

export const INDEX_HTML =
  '<!doctype html><html><body><div id="root"></div><script type="module" src="/src/main.tsx"></script></body></html>';

/** Everything of the README's React part on one page. */
export const MAIN_TSX = `import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { PresenceProvider } from "@meeshy/presence/react";
import { App } from "./app.tsx";
import { Sidebar } from "./components.tsx";
import { Busy, Header, Profile } from "./hooks.tsx";
import { gatewayUrl, getToken } from "./settings.ts";

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <App />
      <PresenceProvider url={gatewayUrl} token={getToken}>
        <Profile userId="bob" />
        <Header conversationId="general" />
        <Busy />
        <Sidebar conversationId="general" />
      </PresenceProvider>
    </StrictMode>,
  );
}
`;

export const TYPES_TS = `import { createPresence, getUserStatus, type Presence, registerLocale, type Words } from "@meeshy/presence";
import { createFakePresence } from "@meeshy/presence/testing";
import { createPresenceClient, type PresenceClient, PresenceError } from "@meeshy/presence-node";
import { presenceActivity } from "@meeshy/presence-node/fastify";
import fastify from "fastify";

const presence: Presence = createPresence({ connect: false, token: async () => "t" });
const label: string = getUserStatus(presence.store.getState().users.get("bob")).label;
// @ts-expect-error: there is no such status
createFakePresence().setUser("bob", { isOnline: "yes" });
declare const client: PresenceClient;
const online: boolean | undefined = (await client.get(["bob"]))[0]?.isOnline;
declare const words: Words;
registerLocale("de", words);
await fastify().register(presenceActivity, { nc: { request: () => Promise.reject(new PresenceError("internal", "x")) }, userOf: () => null });
console.log(label, online, createPresenceClient);
`;
