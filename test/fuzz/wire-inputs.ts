// What a client would send over one connection, as bytes, and changed bytes of that kind: HTTP/1.1
// with a signature, and HTTP/2 with a message of gRPC.
import { Sha256 } from "@aws-crypto/sha256-js";
import { SignatureV4 } from "@smithy/signature-v4";
import { join, mutateBytes, type Bytes } from "./byte-mutator.ts";
import type { Chance } from "./chance.ts";
import { corpus, type Seed } from "./corpus.ts";

export interface WireAccess {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** A bearer token of gRPC. */
  readonly token: string;
}

export type Wire = "http/1.1" | "h2";

export interface WireInput {
  readonly wire: Wire;
  readonly bytes: Bytes;
}

export type MakeWireInput = (chance: Chance) => WireInput;

/** What changes nothing of a node but its secrets. */
const seeds = corpus.filter((_, at) => at % 2 === 0);

/** Signed now: signatures are good for five minutes, and after that refused as well. */
export async function wireInputs(access: WireAccess): Promise<MakeWireInput> {
  const http1 = await Promise.all(seeds.map((seed) => signedBytes(seed, access)));
  const http2 = seeds.map((seed) => callBytes(seed, access));
  return (chance) => {
    const wire: Wire = chance.once(2) ? "http/1.1" : "h2";
    const whole = wire === "h2" ? http2 : http1;
    const words = wire === "h2" ? frames : fields;
    const bytes = chance.once(20)
      ? chance.pick(whole)
      : mutateBytes(chance.pick(whole), chance, { donor: chance.pick(whole), words });
    return { wire, bytes };
  };
}

const fields: readonly Bytes[] = [
  "\r\n",
  "\r\n\r\n",
  "\n",
  "\0",
  ":",
  " ",
  "\t",
  "HTTP/1.0",
  "HTTP/2.0",
  "GET ",
  "POST / HTTP/1.1\r\n",
  "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n",
  "Host: elsewhere\r\n",
  "Content-Length: 5\r\n",
  "Content-Length: 99999999999999999999\r\n",
  "Transfer-Encoding: chunked\r\n",
  "Transfer-Encoding: gzip, chunked\r\n",
  "Expect: 100-continue\r\n",
  "Connection: upgrade\r\nUpgrade: h2c\r\n",
  "__proto__: x\r\n",
  "X-Amz-Target: secretsmanager.ListSecrets\r\n",
  "ffffffff\r\n",
  "0\r\n\r\n",
  `X-Long: ${"x".repeat(9_000)}\r\n`,
  "a: b\r\n".repeat(80),
  "/?X-Amz-Signature=0",
  "/../..",
  "https://localhost/",
].map((text) => Uint8Array.from(Buffer.from(text, "latin1")));

async function signedBytes({ operation, request }: Seed, access: WireAccess): Promise<Bytes> {
  const { region, accessKeyId, secretAccessKey } = access;
  const signer = new SignatureV4({
    service: "secretsmanager",
    region,
    sha256: Sha256,
    credentials: { accessKeyId, secretAccessKey },
  });
  const body = JSON.stringify(request);
  const signed = await signer.sign({
    method: "POST",
    protocol: "https:",
    hostname: "localhost",
    path: "/",
    headers: {
      host: "localhost",
      "content-type": "application/x-amz-json-1.1",
      "content-length": String(Buffer.byteLength(body)),
      "x-amz-target": `secretsmanager.${operation}`,
    },
    body,
  });
  const lines = Object.entries(signed.headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `POST / HTTP/1.1\r\n${lines.join("")}connection: close\r\n\r\n`;
  return Uint8Array.from(Buffer.from(head + body));
}

/** RFC 9113 4.1: nine octets, then what the frame holds. */
function frame(
  type: number,
  flags: number,
  stream: number,
  content: Bytes = Uint8Array.of(),
): Bytes {
  const head = Buffer.alloc(9);
  head.writeUIntBE(content.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return join(head, content);
}

const settings = frame(4, 0, 0);
const ping = frame(6, 0, 0, new Uint8Array(8));
const reset = frame(3, 0, 1, Uint8Array.of(0, 0, 0, 8));
const goAway = frame(7, 0, 0, new Uint8Array(8));

const frames: readonly Bytes[] = [
  settings,
  ping,
  reset,
  goAway,
  join(...Array<Bytes>(50).fill(ping)),
  join(...Array<Bytes>(50).fill(reset)),
  frame(8, 0, 0, Uint8Array.of(0x7f, 0xff, 0xff, 0xff)),
  frame(8, 0, 1, new Uint8Array(4)),
  frame(9, 0, 1, Uint8Array.of(0x82)),
  frame(2, 0, 1, Uint8Array.of(0, 0, 0, 1, 16)),
  frame(0, 1, 1),
  frame(0xff, 0xff, 0x7fff_ffff, new Uint8Array(16)),
  Uint8Array.of(0x00, 0x00, 0x00, 0x00, 0x01),
  Uint8Array.of(0x01, 0x00, 0x00, 0x00, 0x02, 0x0a, 0x00),
];

function callBytes({ operation, request }: Seed, { token }: WireAccess): Bytes {
  const [secretId] = Object.values(request as Record<string, unknown>);
  const text = Buffer.from(typeof secretId === "string" ? secretId : "db").subarray(0, 100);
  const message = join(Uint8Array.of(0x0a, text.length), text);
  const length = Buffer.alloc(5);
  length.writeUInt32BE(message.length, 1);
  const headers: readonly (readonly [string, string])[] = [
    [":method", "POST"],
    [":scheme", "https"],
    [":path", `/holdfast.v1.SecretsManager/${operation}`],
    [":authority", "localhost"],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
    ["authorization", `Bearer ${token}`],
  ];
  return join(
    Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    settings,
    frame(1, 4, 1, join(...headers.map(([name, value]) => literal(name, value)))),
    frame(0, 1, 1, join(length, message)),
  );
}

/** RFC 7541 6.2.2: a field that enters no table, with a new name and nothing compressed. */
function literal(name: string, value: string): Bytes {
  return join(Uint8Array.of(0), ...[name, value].map(textOfHpack));
}

function textOfHpack(text: string): Bytes {
  const bytes = Buffer.from(text);
  const length = bytes.length < 127 ? [bytes.length] : [127, ...restOfInteger(bytes.length - 127)];
  return join(Uint8Array.from(length), bytes);
}

function restOfInteger(value: number): readonly number[] {
  return value < 128 ? [value] : [(value % 128) + 128, ...restOfInteger(Math.floor(value / 128))];
}
