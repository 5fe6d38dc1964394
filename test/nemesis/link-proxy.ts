// The way from one node to another, as a TCP proxy that can be slow, narrow, deaf, or cut. Peers
// know each other by certificate, so they notice nothing of it but what it does to their bytes.
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";

/** The two ways of a connection: from the one who made it, and back to it. */
export type Way = "there" | "back";

export interface Weather {
  /** Nothing passes; what was sent waits, as TCP would send it again, and so does a new caller. */
  readonly cut: ReadonlySet<Way>;
  readonly delayMs: number;
  readonly jitterMs: number;
  readonly bytesPerSecond: number;
  /** Of each piece that passes, the chance that the connection breaks instead. */
  readonly resetChance: number;
}

export const fairWeather: Weather = {
  cut: new Set(),
  delayMs: 0,
  jitterMs: 0,
  bytesPerSecond: Infinity,
  resetChance: 0,
};

/** Gives a number from 0 up to 1. */
export type Chance = () => number;

export class LinkProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #chance: Chance;
  readonly #pipes = new Set<Pipe>();
  readonly #sockets = new Set<Socket>();
  #weather = fairWeather;

  private constructor(server: Server, targetPort: number, chance: Chance) {
    this.#server = server;
    this.#targetPort = targetPort;
    this.#chance = chance;
  }

  static async listen(targetPort: number, chance: Chance): Promise<LinkProxy> {
    const server = createServer({ allowHalfOpen: true });
    const proxy = new LinkProxy(server, targetPort, chance);
    server.on("connection", (socket) => {
      proxy.#carry(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  set weather(weather: Weather) {
    this.#weather = weather;
    for (const pipe of this.#pipes) pipe.look();
  }

  /** Ends every connection, as a firewall that forgot them would. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.reset();
    await closed;
  }

  #carry(caller: Socket): void {
    const target = connect({ port: this.#targetPort, host: "127.0.0.1", allowHalfOpen: true });
    const both = [caller, target];
    const give = (from: Socket, to: Socket, way: Way): void => {
      const pipe = new Pipe(from, to, {
        weather: () => this.#weather,
        isCut: () => this.#weather.cut.has(way),
        chance: this.#chance,
        reset: () => {
          for (const socket of both) socket.resetAndDestroy();
        },
      });
      this.#pipes.add(pipe);
      from.on("close", () => {
        this.#pipes.delete(pipe);
      });
    };
    for (const socket of both) {
      socket.setNoDelay(true);
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => {
        this.#sockets.delete(socket);
        for (const other of both) other.destroy();
      });
    }
    give(caller, target, "there");
    give(target, caller, "back");
  }
}

interface PipeParts {
  readonly weather: () => Weather;
  readonly isCut: () => boolean;
  readonly chance: Chance;
  readonly reset: () => void;
}

/** One way of one connection: pieces pass in order, each at its time. */
class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #parts: PipeParts;
  readonly #waiting: { readonly bytes: Buffer; readonly notBefore: number }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;
  /** When what passed last is through, at the rate of the weather. */
  #freeAt = 0;

  constructor(from: Socket, to: Socket, parts: PipeParts) {
    this.#from = from;
    this.#to = to;
    this.#parts = parts;
    from.on("data", (bytes: Buffer) => {
      this.#take(bytes);
    });
    from.on("end", () => {
      this.#isEnding = true;
      this.look();
    });
    from.on("close", () => {
      clearTimeout(this.#timer);
    });
    to.on("drain", () => {
      this.look();
    });
    this.look();
  }

  /** Lets through what may pass now, and comes again when more may. */
  look(): void {
    clearTimeout(this.#timer);
    if (this.#parts.isCut()) {
      this.#from.pause();
      return;
    }
    this.#from.resume();
    for (let piece = this.#waiting[0]; piece !== undefined; piece = this.#waiting[0]) {
      const leftMs = piece.notBefore - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(() => {
          this.look();
        }, leftMs);
        return;
      }
      this.#waiting.shift();
      if (!this.#to.write(piece.bytes)) this.#from.pause();
    }
    if (this.#isEnding) this.#to.end();
  }

  #take(bytes: Buffer): void {
    const { delayMs, jitterMs, bytesPerSecond, resetChance } = this.#parts.weather();
    if (resetChance > 0 && this.#parts.chance() < resetChance) {
      this.#parts.reset();
      return;
    }
    const now = performance.now();
    const arrives = now + delayMs + jitterMs * this.#parts.chance();
    this.#freeAt = Math.max(this.#freeAt, arrives) + (1000 * bytes.length) / bytesPerSecond;
    this.#waiting.push({ bytes, notBefore: bytesPerSecond === Infinity ? arrives : this.#freeAt });
    // Nothing overtakes: what comes later waits for what came before.
    if (this.#waiting.length === 1) this.look();
  }
}
