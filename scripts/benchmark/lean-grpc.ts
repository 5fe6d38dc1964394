// A gRPC client that does as little as it can: node:http2 and messages made by hand. The client of
// grpc-js takes more time for a call than the server does, and would measure itself.
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";

export interface GrpcAnswer {
  /** 0 is success; nothing when the connection broke or time ran out. */
  readonly status: number | undefined;
  /** Of the message, without its frame. */
  readonly messageBytes: number;
}

const frameHeader = 5;

export class LeanGrpc {
  readonly #url: string;
  readonly #ca: string;
  readonly #headers: Readonly<Record<string, string>>;
  #session: ClientHttp2Session | undefined;

  /** `endpoint`: `host:port`. The connection is made with the first call, and made again. */
  constructor(endpoint: string, { ca, token }: { readonly ca: string; readonly token: string }) {
    this.#url = `https://${endpoint}`;
    this.#ca = ca;
    this.#headers = {
      ":method": "POST",
      "content-type": "application/grpc",
      te: "trailers",
      authorization: `Bearer ${token}`,
    };
  }

  call(method: string, message: Buffer, timeoutMs: number): Promise<GrpcAnswer> {
    const stream = this.#connected().request({
      ...this.#headers,
      ":path": `/holdfast.v1.SecretsManager/${method}`,
    });
    return new Promise((resolve) => {
      let status: number | undefined;
      let received = 0;
      const read = (headers: IncomingHttpHeaders): void => {
        const text = headers["grpc-status"];
        if (text !== undefined) status = Number(text);
      };
      const patience = setTimeout(() => {
        stream.close();
      }, timeoutMs);
      stream.on("response", read);
      stream.on("trailers", read);
      stream.on("data", (chunk: Buffer) => (received += chunk.length));
      // What went wrong is told by the status that is missing.
      stream.on("error", () => undefined);
      stream.on("close", () => {
        clearTimeout(patience);
        resolve({ status, messageBytes: Math.max(received - frameHeader, 0) });
      });
      stream.end(framed(message));
    });
  }

  close(): void {
    this.#session?.destroy();
  }

  #connected(): ClientHttp2Session {
    const existing = this.#session;
    if (existing !== undefined && !existing.closed && !existing.destroyed) return existing;
    const session = connect(this.#url, { ca: this.#ca });
    // Its calls are told; the next one connects again.
    session.on("error", () => undefined);
    this.#session = session;
    return session;
  }
}

/** Fields of a message in protobuf: texts by number. */
export function textMessage(fields: Readonly<Record<number, string>>): Buffer {
  const parts = Object.entries(fields).flatMap(([number, text]) => {
    const bytes = Buffer.from(text);
    return [varint(Number(number) * 8 + 2), varint(bytes.length), bytes];
  });
  return Buffer.concat(parts);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) + 128);
  }
}

function framed(message: Buffer): Buffer {
  const header = Buffer.alloc(frameHeader);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}
