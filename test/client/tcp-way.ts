// A way to a server that carries, hangs or breaks as the test says, connection by connection.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import assert from "node:assert/strict";

/** `hang`: the connection is taken, and nothing is ever answered. */
export type Carriage = "carry" | "hang";

export class TcpWay implements Disposable {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  #count = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** `carriage` is asked with the number of each connection, from 1. */
  static async open(
    toPort: number,
    carriage: (connection: number) => Carriage,
    host = "127.0.0.1",
  ): Promise<TcpWay> {
    const server = createServer();
    const way = new TcpWay(server);
    server.on("connection", (socket) => {
      way.#count += 1;
      way.#keep(socket);
      if (carriage(way.#count) === "hang") return;
      const onward = connect(toPort, "127.0.0.1");
      way.#keep(onward);
      socket.pipe(onward).pipe(socket);
    });
    server.listen(0, host);
    await once(server, "listening");
    return way;
  }

  get endpoint(): string {
    const address = this.#server.address();
    assert.ok(address !== null && typeof address === "object");
    return `${address.address}:${address.port}`;
  }

  /** How many connections were taken. */
  get count(): number {
    return this.#count;
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }

  #keep(socket: Socket): void {
    this.#sockets.push(socket.on("error", () => undefined));
  }
}
