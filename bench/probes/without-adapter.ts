import { registerHooks } from "node:module";

// Loaded into a gateway with `--import`: its processes get Socket.IO's adapter of one process, which sends nothing to
// the others, in place of the cluster's.

const STAND_IN = `data:text/javascript,${encodeURIComponent(
  "export const createAdapter = () => undefined; export const setupPrimary = () => {};",
)}`;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "@socket.io/cluster-adapter"
      ? { url: STAND_IN, shortCircuit: true }
      : next(specifier, context),
});
