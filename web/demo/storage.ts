type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/**
 * A storage of the browser; where that is refused (blocked, or full) what is kept lasts as long as the page. `storage` is
 * asked at each use: where storage is blocked, to name it throws.
 */
export function keepIn(storage: () => Kept): Kept {
  const refused = new Map<string, string>();
  const attempt = <T>(use: (storage: Kept) => T, otherwise: T): T => {
    try {
      return use(storage());
    } catch {
      return otherwise;
    }
  };
  return {
    getItem: (key) => refused.get(key) ?? attempt((kept) => kept.getItem(key), null),
    setItem(key, value) {
      const isKept = attempt((kept) => {
        kept.setItem(key, value);
        return true;
      }, false);
      if (isKept) refused.delete(key);
      else refused.set(key, value);
    },
    removeItem(key) {
      refused.delete(key);
      attempt((kept) => kept.removeItem(key), undefined);
    },
  };
}

export const localStore = keepIn(() => localStorage);
export const sessionStore = keepIn(() => sessionStorage);
