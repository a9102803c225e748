/** What has to be stopped when it is no longer needed, whatever happens in between. */
export interface Resources {
  keep<T extends { stop(): Promise<unknown> }>(resource: T): T;
  /** Stops everything kept, the last first. Stopping twice must do no harm. */
  release(): Promise<void>;
}

export function resources(): Resources {
  let kept: { stop(): Promise<unknown> }[] = [];
  return {
    keep(resource) {
      kept.push(resource);
      return resource;
    },
    async release() {
      const all = kept.toReversed();
      kept = [];
      for (const resource of all) await resource.stop();
    },
  };
}
