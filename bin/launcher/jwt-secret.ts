/**
 * The secret that tokens are signed with: the environment's, else the generated one; none where the environment
 * says that tokens come from another issuer (CONTRACT 2).
 */
export function jwtSecret(env: NodeJS.ProcessEnv, generated: string): string | undefined {
  if (env.JWT_SECRET) return env.JWT_SECRET;
  return env.JWT_PUBLIC_KEY || env.JWT_JWKS_URL ? undefined : generated;
}
