// Changed bytes over real connections with TLS to a real node, and whether it lives on.
import { connect } from "node:tls";
import { request } from "node:https";
import { Chance } from "./chance.ts";
import { checkSentence, Finding } from "./finding.ts";
import { wireInputs, type Wire, type WireAccess, type WireInput } from "./wire-inputs.ts";

export interface WireNode extends WireAccess {
  readonly ports: Readonly<Record<Wire, number>>;
  readonly ca: string;
}

export interface WireOrder {
  readonly seed: number;
  readonly inputs: number;
}

export interface WireSummary {
  readonly inputs: number;
  readonly seconds: number;
  /** By what began the answer; `nothing` when the connection was closed without one. */
  readonly answers: ReadonlyMap<string, number>;
}

const atOnce = 8;
const lookEvery = 100;
/** Whoever says nothing for so long has nothing more to say. */
const silenceMs = 200;

/** Throws a `Finding` that names the input, or the last before the node was gone. */
export async function fuzzWires(node: WireNode, { seed, inputs }: WireOrder): Promise<WireSummary> {
  const make = await wireInputs(node);
  const answers = new Map<string, number>();
  const begun = performance.now();
  for (let first = 0; first < inputs; first += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, inputs - first) }, (_, at) => first + at);
    const kinds = await Promise.all(
      numbers.map((number) => tell(node, make(new Chance(seed, number)), { seed, number })),
    );
    for (const kind of kinds) answers.set(kind, (answers.get(kind) ?? 0) + 1);
    if (first % lookEvery < atOnce) await checkLife(node, { seed, number: first });
  }
  await checkLife(node, { seed, number: inputs });
  return { inputs, seconds: (performance.now() - begun) / 1000, answers };
}

interface At {
  readonly seed: number;
  readonly number: number;
}

async function tell(node: WireNode, input: WireInput, { seed, number }: At): Promise<string> {
  const answer = await exchange(node, input);
  try {
    return kindOf(answer, input);
  } catch (error) {
    const bytes = Buffer.from(input.bytes).toString("base64").slice(0, 4_000);
    throw new Finding(`${String(error)} (${input.wire}, seed ${seed}, input ${number}): ${bytes}`);
  }
}

/** Every answer in it is looked at: there may be several of HTTP/1.1. */
function kindOf(answer: Buffer, { wire }: WireInput): string {
  if (answer.length === 0) return `${wire} nothing`;
  const text = answer.toString("latin1");
  if (wire === "h2") {
    checkSentence(text, { mayEcho: true });
    // INTERNAL, and not that gRPC could not make a message of the bytes.
    if (/grpc-message.{0,3}internal error/.test(text)) throw new Finding("it is answered INTERNAL");
    return "h2 frames";
  }
  const statuses = [...text.matchAll(/HTTP\/1\.[01] (\d{3})/g)].map(([, status]) => Number(status));
  const [first] = statuses;
  if (first === undefined) throw new Finding("what is answered is not HTTP");
  if (statuses.some((status) => status >= 500)) throw new Finding(`it is answered ${first}`);
  if (statuses.every((status) => status !== 200)) checkSentence(text, { mayEcho: false });
  return `${wire} ${first}`;
}

function exchange({ ports, ca }: WireNode, { wire, bytes }: WireInput): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect({
      port: ports[wire],
      host: "127.0.0.1",
      servername: "localhost",
      ca,
      ALPNProtocols: [wire],
    });
    const received: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => received.push(chunk));
    // A server that hangs up while we still send resets the connection.
    socket.on("error", () => undefined);
    socket.on("close", () => {
      resolve(Buffer.concat(received));
    });
    socket.once("secureConnect", () => {
      socket.setTimeout(silenceMs, () => socket.destroy());
      socket.write(bytes);
    });
  });
}

async function checkLife({ ports, ca }: WireNode, { seed, number }: At): Promise<void> {
  const status = await new Promise<number | string>((resolve) => {
    const asked = request(
      {
        port: ports["http/1.1"],
        host: "127.0.0.1",
        servername: "localhost",
        ca,
        path: "/readyz",
        agent: false,
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    asked.on("error", (error) => {
      resolve(error.message);
    });
    asked.end();
  });
  if (status === 200) return;
  throw new Finding(`the node is gone (${status}; seed ${seed}, by input ${number})`);
}
