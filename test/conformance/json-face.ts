// The AWS endpoint as somebody calls it who signs but does nothing else for the caller: no token is
// filled in, nothing is checked before it is sent.
import { once } from "node:events";
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from "node:http";
import { Agent, request as requestHttps } from "node:https";
import { randomUUID } from "node:crypto";
import { signedRequest } from "../server/http/signed-request.ts";
import type { AwsAnswer, AwsReply, Face } from "./aws-answer.ts";

export interface JsonAccess {
  readonly port: number;
  /** PEM; absent: plain HTTP, as moto speaks it. */
  readonly ca?: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** moto answers 404 for what is not found: left out, statuses are compared too. */
  readonly statuses?: "ignored";
}

/** The body of a request is its text, so that a test can send what is no JSON. */
export function jsonFace(access: JsonAccess): Face {
  const { ca } = access;
  const agent =
    ca === undefined
      ? new HttpAgent({ keepAlive: true })
      : new Agent({ keepAlive: true, ca, servername: "localhost" });
  return {
    call: async (operation, request) => {
      const { region, accessKeyId, secretAccessKey, port } = access;
      const { method, target, headers, body } = await signedRequest({
        operation,
        body: JSON.stringify(request),
        // What is sent twice is no copy: a change that was sent before is refused.
        headers: { "amz-sdk-invocation-id": randomUUID() },
        at: Date.now(),
        region,
        accessKeyId,
        secretAccessKey,
      });
      const options = {
        host: "127.0.0.1",
        port,
        method,
        path: target,
        agent,
        headers: Object.fromEntries(headers),
      };
      const sent = ca === undefined ? requestHttp(options) : requestHttps(options);
      sent.end(body);
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      const isMistake = access.statuses === "ignored" || response.statusCode === 400;
      return answerOf(response, await textOf(response), isMistake ? "mistake" : "other");
    },
    [Symbol.asyncDispose]: () => {
      agent.destroy();
      return Promise.resolve();
    },
  };
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function answerOf(
  { statusCode }: IncomingMessage,
  text: string,
  failure: "mistake" | "other",
): AwsAnswer {
  const json = JSON.parse(text === "" ? "{}" : text) as AwsReply;
  if (statusCode === 200) return { kind: "reply", reply: json };
  const { __type: exception, Message: modelled, message } = json;
  return {
    kind: "refused",
    // AWS answers every mistake of a caller with 400 (semantics.md 0.2, fact 1).
    exception: failure === "mistake" ? String(exception) : `${String(exception)} (${statusCode})`,
    message: textIn(modelled) ?? textIn(message) ?? "",
  };
}

function textIn(member: unknown): string | undefined {
  return typeof member === "string" ? member : undefined;
}
