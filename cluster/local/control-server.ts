// The supervisor's end of its socket. Whoever holds the socket is the supervisor of that home.
import { once } from "node:events";
import { chmodSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import {
  askSupervisor,
  NotSupervised,
  type ControlAnswer,
  type ControlRequest,
} from "./control.ts";

/** In characters; a request is a kind and the name of a part. */
const longestRequest = 4_096;

export class ControlServer {
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /**
   * Takes the socket, and with it the home; nothing when a living supervisor has it.
   *
   * `answer` may take its time: requests that come early wait.
   */
  static async listen(
    socketPath: string,
    answer: (request: ControlRequest) => Promise<ControlAnswer>,
  ): Promise<ControlServer | undefined> {
    if (await isAnswered(socketPath)) return undefined;
    // What is left of a supervisor that was killed.
    rmSync(socketPath, { force: true });
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      serve(socket, answer);
    });
    try {
      server.listen(socketPath);
      await once(server, "listening");
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") {
        return undefined;
      }
      throw error;
    }
    chmodSync(socketPath, 0o600);
    return new ControlServer(server);
  }

  /** Takes no new requests; those already here keep their connections. */
  close(): void {
    this.#server.close();
  }
}

async function isAnswered(socketPath: string): Promise<boolean> {
  try {
    await askSupervisor(socketPath, { kind: "status" });
    return true;
  } catch (error) {
    return !(error instanceof NotSupervised);
  }
}

function serve(socket: Socket, answer: (request: ControlRequest) => Promise<ControlAnswer>): void {
  let line = "";
  socket.setEncoding("utf8");
  // Who hangs up early does not wait for the answer; what was asked for is done all the same.
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece: string) => {
    line += piece;
    if (line.length > longestRequest) socket.destroy();
  });
  socket.on("end", () => {
    void answerLine(line, answer).then((answered) => socket.end(`${JSON.stringify(answered)}\n`));
  });
}

async function answerLine(
  line: string,
  answer: (request: ControlRequest) => Promise<ControlAnswer>,
): Promise<ControlAnswer> {
  try {
    return await answer(JSON.parse(line) as ControlRequest);
  } catch (error) {
    return { kind: "refused", sentence: error instanceof Error ? error.message : String(error) };
  }
}
