import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:tls";
import { describe, it } from "mocha";
import {
  now,
  signedRequest,
  wireBytes,
  withHeader,
  type SigningChoices,
} from "./signed-request.ts";
import { openEndpoint, type TestEndpoint } from "./test-endpoint.ts";

describe("a connection to the HTTPS endpoint", () => {
  it("is used again for the next request", async () => {
    await using endpoint = await openEndpoint();
    const connection = await open(endpoint);
    const request = await openBytes({});

    const answers = [];
    for (let at = 0; at < 3; at += 1) answers.push(await connection.ask(request, 1));

    connection.close();
    assert.deepEqual(answers.map(statuses), [[200], [200], [200]]);
  });

  it("answers requests that come at once, in their order, however long each takes", async () => {
    const ends: (() => void)[] = [];
    await using endpoint = await openEndpoint({
      call: (_operation, _caller, draft) =>
        new Promise((resolve) => {
          ends.push(() => {
            resolve(draft);
          });
          // The last that came is answered first.
          if (ends.length === 3) for (const end of ends.toReversed()) end();
        }),
    });
    const connection = await open(endpoint);
    const bodies = ["one", "two", "three"].map((id) => ({ body: `{"SecretId":"${id}"}` }));
    const requests = await Promise.all(
      bodies.map((choices) => openBytes({ operation: "DescribeSecret", ...choices })),
    );

    const answer = await connection.ask(Buffer.concat(requests), 3);

    connection.close();
    assert.deepEqual(statuses(answer), [200, 200, 200]);
    const asked = endpoint.calls.map(({ draft }) => (draft as { secretId: string }).secretId);
    assert.deepEqual(asked, ["one", "two", "three"]);
  });

  it("lives on after a refusal, and answers the next as if nothing had been", async () => {
    await using endpoint = await openEndpoint();
    const connection = await open(endpoint);
    const bad = await openBytes({ secretAccessKey: "another" });
    const unknown = await openBytes({ operation: "Nonsense" });
    const good = await openBytes({});

    const answer = await connection.ask(Buffer.concat([bad, unknown, good]), 3);

    connection.close();
    assert.deepEqual(statuses(answer), [400, 400, 200]);
  });

  it("takes what follows a body that is too short for another request, and no part of it", async () => {
    await using endpoint = await openEndpoint();
    const request = await signedRequest({ unsigned: ["content-length"] });
    const shorter = withHeader(request, "content-length", String(request.body.length - 8));
    const bytes = wireBytes(shorter).toString("latin1").replace("connection: close\r\n", "");

    const answer = await endpoint.send(Buffer.from(bytes, "latin1"));

    assert.deepEqual(statuses(answer), [400]);
    assert.deepEqual(endpoint.calls, []);
  });

  it("is closed with the answer to a request whose body nobody would wait for", async () => {
    await using endpoint = await openEndpoint();

    const answer = await endpoint.send(
      Buffer.from(
        `POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999999\r\n\r\n${"x".repeat(9)}`,
      ),
    );

    const [head = ""] = answer.split("\r\n\r\n");
    assert.match(head, /^HTTP\/1\.1 404 /);
    assert.match(head, /\r\nconnection: close/i);
  });
});

interface Connection {
  /** Resolves with what came back once there are so many answers in it. */
  ask(bytes: Uint8Array, answers: number): Promise<string>;
  close(): void;
}

async function open({ port, certificate }: TestEndpoint): Promise<Connection> {
  const socket = connect({ port, host: "127.0.0.1", ca: certificate.cert });
  await once(socket, "secureConnect");
  return {
    ask: async (bytes, answers) => {
      socket.write(bytes);
      let text = "";
      while (statuses(text).length < answers || !isWhole(text)) {
        const [chunk] = (await once(socket, "data")) as [Buffer];
        text += chunk.toString("latin1");
      }
      return text;
    },
    close: () => {
      socket.destroy();
    },
  };
}

function statuses(text: string): readonly number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
}

/** Whether the last answer has all of its body. */
function isWhole(text: string): boolean {
  const last = text.slice(text.lastIndexOf("HTTP/1.1 "));
  const [head1 = "", body] = last.split("\r\n\r\n");
  const length = Number(/content-length: (\d+)/i.exec(head1)?.[1] ?? NaN);
  return body?.length === length;
}

/** Signed, and without a wish to be closed. */
async function openBytes(choices: SigningChoices): Promise<Buffer> {
  const bytes = wireBytes(await signedRequest({ at: now, ...choices }));
  return Buffer.from(bytes.toString("latin1").replace("connection: close\r\n", ""), "latin1");
}
