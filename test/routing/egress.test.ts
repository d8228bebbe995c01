import type { LookupAddress } from "node:dns";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GatewayError } from "../../src/core/error.ts";
import { CallSignal } from "../../src/core/signal.ts";
import type { Network } from "../../src/routing/addresses.ts";
import { type Lookup, openPool } from "../../src/routing/egress.ts";
import { exchange } from "../../src/routing/exchange.ts";

const timeouts = { firstByteMs: 2000, idleMs: 2000, totalMs: 2000 };

/** Counts who connects; a refused address must not send it a single byte. */
let connections = 0;
const listener = createServer((socket) => {
  connections++;
  socket.destroy();
});
let port = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  port = (listener.address() as AddressInfo).port;
});
afterAll(() => listener.close());

/** A name server that gives these answers, one set after another. */
function nameServer(...answers: LookupAddress[][]): Lookup {
  let asked = 0;
  return (_, __, callback) => callback(null, answers[Math.min(asked++, answers.length - 1)]!);
}

async function reach(origin: string, network: Network, lookup?: Lookup): Promise<string> {
  const pool = openPool(origin, { network, ...(lookup ? { lookup } : {}) });
  const signal = new CallSignal();
  try {
    const request = { path: "/", method: "POST", headers: {}, body: "secret" } as const;
    await exchange(pool, request, { signal, timeouts, stream: false });
    return "answered";
  } catch (error) {
    return (error as GatewayError).code;
  } finally {
    await pool.destroy();
  }
}

const v4 = (address: string): LookupAddress => ({ address, family: 4 });

describe("the guard at connect time", () => {
  it.each(["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"])(
    "refuses the literal %s for a public provider",
    async (host) => {
      connections = 0;
      expect(await reach(new URL(`http://${host}:${port}`).origin, "public")).toBe("upstream_refused_address");
      expect(connections).toBe(0);
    },
  );

  it("refuses a public name that resolves to a private address", async () => {
    connections = 0;
    expect(await reach(`http://api.example.com:${port}`, "public", nameServer([v4("127.0.0.1")]))).toBe(
      "upstream_refused_address",
    );
    expect(connections).toBe(0);
  });

  it("refuses a name with one public and one private answer", async () => {
    const lookup = nameServer([v4("8.8.8.8"), v4("127.0.0.1")]);
    expect(await reach(`http://api.example.com:${port}`, "public", lookup)).toBe("upstream_refused_address");
  });

  it("refuses cloud metadata even for one's own servers", async () => {
    const lookup = nameServer([v4("169.254.169.254")]);
    expect(await reach("http://metadata.internal", "private", lookup)).toBe("upstream_refused_address");
    expect(await reach("http://169.254.169.254", "private")).toBe("upstream_refused_address");
  });

  it("judges the answer it connects with: a name that turns private later is refused then", async () => {
    const lookup = nameServer([v4("127.0.0.1")], [v4("169.254.169.254")]);
    expect(await reach(`http://model.internal:${port}`, "private", lookup)).toBe("upstream_closed");
    expect(await reach(`http://model.internal:${port}`, "private", lookup)).toBe("upstream_refused_address");
  });

  it("lets a configured model server on this machine through", async () => {
    connections = 0;
    expect(await reach(`http://127.0.0.1:${port}`, "private")).toBe("upstream_closed");
    expect(connections).toBe(1);
  });
});
