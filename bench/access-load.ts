/** One request, to be sent as often as wanted over kept-alive connections. */
export interface Shot {
  port: number;
  path: string;
  headers: Record<string, string>;
  /** Headers of one request alone. */
  varying?: () => Record<string, string>;
}

function bytesOf({ path, headers, varying }: Shot): Uint8Array {
  const lines = Object.entries({ ...headers, ...varying?.() }).map(
    ([field, value]) => `${field}: ${value}\r\n`,
  );
  return new TextEncoder().encode(`GET ${path} HTTP/1.1\r\n${lines.join("")}\r\n`);
}

/** A connection that answers one request after another. */
class Connection {
  readonly #bytes: () => Uint8Array;
  #waiting: ((status: number) => void) | undefined;
  #left = 0;
  #head = "";
  #status = 0;
  readonly #socket: Promise<Bun.Socket>;

  constructor(shot: Shot) {
    const always = bytesOf(shot);
    this.#bytes = () => (shot.varying ? bytesOf(shot) : always);
    this.#socket = Bun.connect({
      hostname: "127.0.0.1",
      port: shot.port,
      socket: { data: (_, data) => this.#take(data), close: () => this.#waiting?.(0) },
    });
  }

  /** The status; 0 where the connection broke. */
  async ask(): Promise<number> {
    const socket = await this.#socket;
    return new Promise((resolve) => {
      this.#waiting = resolve;
      socket.write(this.#bytes());
    });
  }

  async close(): Promise<void> {
    (await this.#socket).end();
  }

  #take(data: Uint8Array): void {
    if (this.#left > 0) this.#left -= data.length;
    else {
      this.#head += Buffer.from(data).toString("latin1");
      const end = this.#head.indexOf("\r\n\r\n");
      if (end === -1) return;
      const length = /\r\ncontent-length: (\d+)/i.exec(this.#head)?.[1] ?? "0";
      this.#status = Number(this.#head.slice(9, 12));
      this.#left = end + 4 + Number(length) - this.#head.length;
      this.#head = "";
    }
    if (this.#left === 0) this.#waiting?.(this.#status);
  }
}

/** As many as the server takes: each connection asks again when it has its answer. */
export async function closedLoop(
  shot: Shot,
  { connections, seconds, status = 200 }: { connections: number; seconds: number; status?: number },
): Promise<{ count: number; bad: number }> {
  const end = performance.now() + seconds * 1000;
  let count = 0;
  let bad = 0;
  const client = async () => {
    const connection = new Connection(shot);
    while (performance.now() < end) {
      if ((await connection.ask()) !== status) bad++;
      count++;
    }
    await connection.close();
  };
  await Promise.all(Array.from({ length: connections }, client));
  return { count, bad };
}

/**
 * So many a second, whatever the server does: one that is late makes those behind it wait. Milliseconds from the moment at
 * which each was due, and how often which status came.
 */
export async function openLoop(
  shot: Shot,
  { perSecond, seconds, connections }: { perSecond: number; seconds: number; connections: number },
): Promise<{ ms: number[]; statuses: Map<number, number> }> {
  const free = Array.from({ length: connections }, () => new Connection(shot));
  const due: number[] = [];
  const ms: number[] = [];
  const statuses = new Map<number, number>();
  const running = new Set<Promise<void>>();
  const send = async (connection: Connection, at: number) => {
    const status = await connection.ask();
    ms.push(performance.now() - at);
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const next = due.shift();
    if (next === undefined) free.push(connection);
    else await send(connection, next);
  };
  const start = performance.now();
  for (let sent = 0; sent < perSecond * seconds;) {
    const now = performance.now();
    for (; sent < ((now - start) / 1000) * perSecond; sent++) {
      const at = start + (sent / perSecond) * 1000;
      const connection = free.pop();
      if (connection === undefined) due.push(at);
      else {
        const one = send(connection, at).finally(() => running.delete(one));
        running.add(one);
      }
    }
    await Bun.sleep(1);
  }
  while (running.size > 0) await Promise.all(running);
  await Promise.all(free.map((connection) => connection.close()));
  return { ms, statuses };
}
