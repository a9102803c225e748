import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import type { Algorithm } from "jsonwebtoken";

/** A key and the only algorithms that tokens for it may name. */
export interface VerificationKey {
  key: KeyObject;
  algorithms: Algorithm[];
}

/**
 * Makes the key once and pins the algorithms to its kind (CONTRACT 2), so that no token chooses how it
 * is verified. Throws with what is wrong when the key cannot be used.
 */
export function createVerificationKey(given: {
  secret: string | undefined;
  publicKey: string | undefined;
}): VerificationKey {
  if (given.secret !== undefined) {
    if (given.secret.includes("-----BEGIN"))
      throw new Error("a shared secret, not a PEM: use JWT_PUBLIC_KEY");
    return { key: createSecretKey(Buffer.from(given.secret)), algorithms: ["HS256"] };
  }
  const pem = given.publicKey?.replaceAll("\\n", "\n") ?? "";
  if (pem.includes("PRIVATE KEY")) throw new Error("a public key, not a private one");
  const key = parsePublicKey(pem);
  return { key, algorithms: algorithmsFor(key) };
}

function parsePublicKey(pem: string): KeyObject {
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Error("a public key in PEM form", { cause });
  }
}

function algorithmsFor(key: KeyObject): Algorithm[] {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return ["RS256", "PS256"];
    case "rsa-pss":
      return ["PS256"];
    case "ec":
      if (key.asymmetricKeyDetails?.namedCurve === "prime256v1") return ["ES256"];
      throw new Error(`an elliptic curve key on P-256, not ${key.asymmetricKeyDetails?.namedCurve}`);
    default:
      throw new Error(`an RSA or P-256 key; ${key.asymmetricKeyType} is not supported`);
  }
}
