import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const config: NextConfig = {
  output: "export",
  transpilePackages: ["@meeshy/shared"],
  turbopack: { root: fileURLToPath(new URL("..", import.meta.url)) },
};

export default config;
