// Asks a node how it is, on its own https port, trusting only its region's authority.
import { Agent, request } from "node:https";
import { z } from "zod";

const healthSchema = z.object({
  nodeId: z.string(),
  region: z.string(),
  role: z.enum(["leader", "follower", "candidate"]),
  term: z.number(),
  leader: z.string().nullish(),
  locked: z.boolean(),
  applied: z.number(),
  /** What it is in its region; nothing while it knows of none. */
  standing: z.string().nullish(),
});

/** What a node says of itself at `/healthz`. */
export type NodeHealth = z.infer<typeof healthSchema>;

/** One region's nodes, asked over connections that are kept between questions. */
export class HealthProbe implements Disposable {
  readonly #agent: Agent;

  /** `ca`: the authority's certificate as PEM text. */
  constructor(ca: string) {
    this.#agent = new Agent({ ca, keepAlive: true });
  }

  /** Nothing when the node does not answer in time, or answers something else. */
  async health(https: string, timeoutMs: number): Promise<NodeHealth | undefined> {
    const answer = await this.#get(`${https}/healthz`, timeoutMs);
    if (answer === undefined) return undefined;
    const parsed = healthSchema.safeParse(parseJson(answer.body));
    return parsed.success ? parsed.data : undefined;
  }

  async isReady(https: string, timeoutMs: number): Promise<boolean> {
    const answer = await this.#get(`${https}/readyz`, timeoutMs);
    return answer?.status === 200;
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #get(url: string, timeoutMs: number): Promise<Answer | undefined> {
    return new Promise((settle) => {
      const asking = request(url, { agent: this.#agent, signal: AbortSignal.timeout(timeoutMs) });
      asking.on("error", () => {
        // A node that cannot be reached is an answer too: it is the one this asks about.
        settle(undefined);
      });
      asking.on("response", (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => (body += piece));
        response.on("error", () => {
          settle(undefined);
        });
        response.on("end", () => {
          settle({ status: response.statusCode ?? 0, body });
        });
      });
      asking.end();
    });
  }
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
