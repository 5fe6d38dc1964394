// A call of the AWS endpoint, signed as AWS's clients sign (Signature Version 4), over connections
// that are kept.
import { Agent, request } from "node:https";
import {
  canonicalRequest,
  sha256Hex,
  sign,
  stringToSign,
} from "../../src/server/http/signature.ts";

export interface AwsAccess {
  readonly ca: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export class AwsCaller {
  readonly #agent: Agent;
  readonly #access: AwsAccess;
  readonly #url: URL;

  constructor(endpoint: string, access: AwsAccess) {
    this.#url = new URL(endpoint);
    this.#access = access;
    this.#agent = new Agent({ ca: access.ca, keepAlive: true });
  }

  /** The HTTP status and the length of the body; 0 when there was no answer in time. */
  call(
    operation: string,
    body: string,
    timeoutMs: number,
  ): Promise<{ readonly status: number; readonly bodyBytes: number }> {
    return new Promise((resolve) => {
      const asking = request(this.#url, {
        method: "POST",
        agent: this.#agent,
        headers: this.#signedHeaders(operation, body),
        timeout: timeoutMs,
      });
      asking.on("timeout", () => asking.destroy());
      asking.on("error", () => {
        resolve({ status: 0, bodyBytes: 0 });
      });
      asking.on("response", (response) => {
        let bodyBytes = 0;
        response.on("data", (chunk: Buffer) => (bodyBytes += chunk.length));
        response.on("end", () => {
          resolve({ status: response.statusCode ?? 0, bodyBytes });
        });
      });
      asking.end(body);
    });
  }

  close(): void {
    this.#agent.destroy();
  }

  #signedHeaders(operation: string, body: string): Readonly<Record<string, string>> {
    const { region, accessKeyId, secretAccessKey } = this.#access;
    const time = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
    const scope = { time, region, service: "secretsmanager" };
    const headers = {
      "content-type": "application/x-amz-json-1.1",
      host: this.#url.host,
      "x-amz-date": time,
      "x-amz-target": `secretsmanager.${operation}`,
    };
    const signedHeaders = Object.keys(headers);
    const content = {
      headers: new Map(Object.entries(headers)),
      signedHeaders,
      bodySha256: sha256Hex(body),
    };
    const signature = sign(secretAccessKey, scope, stringToSign(scope, canonicalRequest(content)));
    const credential = `${accessKeyId}/${time.slice(0, 8)}/${region}/secretsmanager/aws4_request`;
    return {
      ...headers,
      authorization:
        `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders.join(";")}, ` +
        `Signature=${signature.toString("hex")}`,
    };
  }
}
