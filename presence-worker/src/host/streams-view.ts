import { bucketStream } from "@meeshy/shared/nats/streams";
import type { Bus, StreamInfo } from "@meeshy/shared/ports/bus";
import { BUCKET_STATE, STREAM_EVENTS, STREAM_STATUS } from "@meeshy/shared/subjects";
import type { LogEnds, StreamAges } from "../core/epoch.ts";

/** One look at the log serves every partition that asks within this time before it. */
const GATHER_MS = 20;
/** Gateways and the log can write the content of one of these again; a loss of the leases shows in the leases. */
const STREAMS = [STREAM_EVENTS, STREAM_STATUS, bucketStream(BUCKET_STATE)];

/** The broker's view of the streams that an epoch is made of. */
export class StreamsView {
  readonly #bus: Bus;
  #nextLook: Promise<LogEnds> | undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Where the log begins and ends, by a read that begins after this call. */
  logEnds(): Promise<LogEnds> {
    this.#nextLook ??= this.#bus.clock.sleep(GATHER_MS).then(async () => {
      this.#nextLook = undefined;
      const { first, last } = await this.#bus.info(STREAM_EVENTS);
      return { first, last };
    });
    return this.#nextLook;
  }

  infos(): Promise<StreamInfo[]> {
    return Promise.all(STREAMS.map((name) => this.#bus.info(name)));
  }

  async ages(): Promise<StreamAges> {
    return agesOf(await this.infos());
  }
}

export function agesOf(infos: readonly StreamInfo[]): StreamAges {
  return Object.fromEntries(infos.map(({ definition, created }) => [definition.name, created]));
}
