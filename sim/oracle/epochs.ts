import { bucketStream, keySubject } from "@meeshy/shared/nats/streams";
import { BUCKET_LEASES, leaseKeys } from "@meeshy/shared/subjects";
import type { World } from "../world/world.ts";
import type { CaseBook } from "./case-book.ts";

const BOARD = bucketStream(BUCKET_LEASES);
const SUBJECT = keySubject(BUCKET_LEASES, leaseKeys.epoch);
const decoder = new TextDecoder();

/** Everyone is announced anew in a new epoch: it begins only where something that was stored is lost. */
export function createEpochJudge({ broker }: World, cases: CaseBook): () => void {
  let latest = 0;
  return () => {
    const kept = broker.streams().get(BOARD)?.lastOf(SUBJECT);
    if (kept === undefined || kept.deleted) return;
    const { epoch } = JSON.parse(decoder.decode(kept.data)) as { epoch?: number };
    // A later release may write it in a format of its own.
    if (epoch === undefined || epoch <= latest) return;
    const isFirst = latest === 0;
    latest = epoch;
    if (isFirst || cases.isExcused(({ loss }) => loss === true)) return;
    cases.report("epoch without a loss", `epoch ${epoch}`, "nothing that was stored is lost");
  };
}
