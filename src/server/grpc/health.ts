// The health service of gRPC (grpc.health.v1) for each service by its name, and for all of them
// under the empty name. Anybody may ask, so nothing that is asked is kept but the stream itself.
import {
  status,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { service as healthDefinition } from "grpc-health-check";

export const healthService: ServiceDefinition = healthDefinition;

/** As the enum of the contract has it. */
export type Health = "SERVING" | "NOT_SERVING";

/** Streams that may be open at a time, by anybody: whoever comes then asks with `Check`. */
const watchersMost = 256;

interface HealthRequest {
  readonly service: string;
}

type HealthStream = ServerWritableStream<HealthRequest, { readonly status: string }>;

export class HealthService {
  readonly #names: ReadonlySet<string>;
  readonly #watchers = new Set<(health: Health) => void>();
  #health: Health = "NOT_SERVING";

  /** All services of a node can be used, or none. */
  constructor(services: readonly string[]) {
    this.#names = new Set(["", ...services]);
  }

  set(health: Health): void {
    if (health === this.#health) return;
    this.#health = health;
    for (const tell of this.#watchers) tell(health);
  }

  handlers(): UntypedServiceImplementation {
    return {
      check: (
        { request }: { readonly request: HealthRequest },
        callback: (error: object | null, reply?: object) => void,
      ) => {
        if (this.#names.has(request.service)) callback(null, { status: this.#health });
        else callback({ code: status.NOT_FOUND, details: "There is no such service." });
      },
      list: (_call: unknown, callback: (error: null, reply: object) => void) => {
        const statuses = [...this.#names].map((name) => [name, { status: this.#health }] as const);
        callback(null, { statuses: Object.fromEntries(statuses) });
      },
      watch: (call: HealthStream) => {
        this.#watch(call);
      },
    };
  }

  #watch(call: HealthStream): void {
    if (this.#watchers.size >= watchersMost) {
      const details = "Too many health streams are open. Ask with Check.";
      call.emit("error", { code: status.RESOURCE_EXHAUSTED, details });
      return;
    }
    // One that takes nothing is told the latest once it does, and not all that came before.
    let isFull = false;
    let waiting: Health | undefined;
    const isKnown = this.#names.has(call.request.service);
    const tell = (health: Health): void => {
      if (!isKnown) return;
      if (isFull) waiting = health;
      else isFull = !call.write({ status: health });
    };
    call.on("drain", () => {
      isFull = false;
      const latest = waiting;
      waiting = undefined;
      if (latest !== undefined) tell(latest);
    });
    this.#watchers.add(tell);
    call.once("cancelled", () => {
      this.#watchers.delete(tell);
    });
    // A service that is not known may come to be: the stream stays open (grpc.health.v1).
    if (isKnown) tell(this.#health);
    else call.write({ status: "SERVICE_UNKNOWN" });
  }
}
