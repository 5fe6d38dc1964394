import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, it } from "mocha";
import { fairWeather, LinkProxy, type Weather } from "./link-proxy.ts";

describe("LinkProxy", () => {
  let echo: Server;
  let proxy: LinkProxy;
  const open = new Set<Socket>();

  beforeEach(async () => {
    echo = createServer((socket) => {
      socket.on("error", () => undefined);
      socket.pipe(socket);
    });
    echo.listen(0, "127.0.0.1");
    await once(echo, "listening");
    proxy = await LinkProxy.listen((echo.address() as AddressInfo).port, () => 0.5);
  });

  afterEach(async () => {
    for (const socket of open) socket.destroy();
    await proxy[Symbol.asyncDispose]();
    echo.close();
  });

  function call(): Socket {
    const socket = connect(proxy.port, "127.0.0.1");
    socket.on("error", () => undefined);
    open.add(socket);
    return socket;
  }

  async function answered(socket: Socket, text: string): Promise<string> {
    socket.write(text);
    let came = "";
    while (came.length < text.length) {
      const [bytes] = (await once(socket, "data")) as [Buffer];
      came += bytes.toString();
    }
    return came;
  }

  function closed(socket: Socket): Promise<void> {
    return new Promise((resolve) => {
      socket.on("close", () => {
        resolve();
      });
    });
  }

  const change = (changes: Partial<Weather>): void => {
    proxy.weather = { ...fairWeather, ...changes };
  };

  it("carries bytes both ways, in order", async () => {
    const text = "0123456789".repeat(20_000);

    assert.equal(await answered(call(), text), text);
  });

  for (const way of ["there", "back"] as const) {
    it(`holds what goes ${way} while that way is cut, and lets it pass afterwards`, async () => {
      const socket = call();
      await answered(socket, "before");
      change({ cut: new Set([way]) });
      let came = "";
      socket.on("data", (bytes: Buffer) => (came += bytes.toString()));

      socket.write("meanwhile");
      // A second caller shows that time has passed: its way is cut as well.
      const other = call();
      await once(other, "connect");
      const before = came;
      change({});
      const after = await answered(other, "after");
      if (came === "") await once(socket, "data");

      assert.deepEqual([before, after, came], ["", "after", "meanwhile"]);
    });
  }

  it("delays each piece, and never lets one overtake another", async () => {
    change({ delayMs: 20, jitterMs: 30 });
    const socket = call();
    const began = performance.now();

    const came = await answered(socket, "slowly");

    assert.equal(came, "slowly");
    assert.ok(performance.now() - began >= 2 * 20, "there and back");
  });

  it("lets no more pass than its rate", async () => {
    change({ bytesPerSecond: 100_000 });
    const began = performance.now();

    await answered(call(), "x".repeat(10_000));

    assert.ok(performance.now() - began >= 190, "a tenth of a second each way");
  });

  it("breaks connections by chance, and all of them when told", async () => {
    const first = call();
    await answered(first, "here");
    change({ resetChance: 0.6 });
    first.write("broken");
    await closed(first);
    change({ resetChance: 0.4 });
    const second = call();
    await answered(second, "spared");

    const secondClosed = closed(second);
    proxy.reset();

    await secondClosed;
  });
});
