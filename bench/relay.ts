// The program between the servers under test and their upstream: passes bytes on, counts those of each answer's
// body, notes when the first one left, and can hold every connection to a rate. It works on bare sockets, because
// it must cost less than anything it measures. Arguments: the upstream's port, its own, the port of its control.
import { now } from "./clock.ts";
import { HeadReader, parseHead } from "./http-framing.ts";

/** One request that came through; `firstByte` in milliseconds of `now()`, 0 before the body began. */
export interface RelayRecord {
  method: string;
  path: string;
  status: number;
  bytes: number;
  firstByte: number;
}

let records: RelayRecord[] = [];
/** Below this, paced writes would cost more than they carry. */
const smallestWrite = 65536;
/** Bytes a second that each connection may carry. */
let rate = Number.POSITIVE_INFINITY;

/** Watches the answers of one connection as they are written, so that bytes count when a server got them. */
class Meter {
  #waiting: RelayRecord[] = [];
  #reader = new HeadReader();
  #current: RelayRecord | undefined;
  #left = 0;

  asked(requestHead: string): void {
    const [method = "", path = ""] = requestHead.split(" ", 2);
    const record = { method, path, status: 0, bytes: 0, firstByte: 0 };
    this.#waiting.push(record);
    records.push(record);
  }

  sent(bytes: Buffer, at: number): void {
    for (let from = 0; from < bytes.length;) {
      if (!this.#current) {
        const head = this.#reader.feed(bytes, from);
        if (!head) return;
        from = head.next;
        this.#begin(head.text);
        continue;
      }
      const passed = Math.min(this.#left, bytes.length - from);
      this.#current.firstByte ||= at;
      this.#current.bytes += passed;
      this.#left -= passed;
      from += passed;
      if (this.#left === 0) this.#current = undefined;
    }
  }

  #begin(text: string): void {
    const record = this.#waiting.shift();
    if (!record) return;
    const { status, length } = parseHead(text, record.method);
    record.status = status;
    // What has no length counts to the end of the connection; the upstream gives its blobs with one.
    this.#left = length.kind === "bytes" ? length.left : Number.POSITIVE_INFINITY;
    if (this.#left > 0) this.#current = record;
  }
}

/** Carries what the upstream says to the client, at the rate, with back-pressure to the upstream. */
class Downstream {
  upstream: Bun.Socket | undefined;
  upstreamEnded = false;
  #queue: Buffer[] = [];
  #blocked = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #credit = 0;
  #creditAt = now();

  constructor(
    readonly client: Bun.Socket<Connection>,
    readonly meter: Meter,
  ) {}

  push(bytes: Buffer): void {
    this.#queue.push(bytes);
    this.pump();
    if (this.#queue.length > 0) this.upstream?.pause();
  }

  drained(): void {
    this.#blocked = false;
    this.pump();
  }

  pump(): void {
    for (let bytes = this.#queue[0]; bytes && !this.#blocked; bytes = this.#queue[0]) {
      const size = this.#allowance(bytes.length);
      if (size === 0) return this.#later();
      const at = now();
      const written = this.client.write(bytes.subarray(0, size));
      if (written < 0) return this.close();
      this.#credit -= written;
      this.meter.sent(bytes.subarray(0, written), at);
      this.#blocked = written < size;
      if (written === bytes.length) this.#queue.shift();
      else this.#queue[0] = bytes.subarray(written);
    }
    if (this.#queue.length > 0) return;
    if (this.upstreamEnded) this.client.end();
    else this.upstream?.resume();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#queue = [];
    this.upstream?.terminate();
  }

  /** A token bucket of 20 ms; what is less than a worthwhile write counts as nothing yet. */
  #allowance(wanted: number): number {
    if (rate === Number.POSITIVE_INFINITY) return wanted;
    const at = now();
    const earned = ((at - this.#creditAt) * rate) / 1000;
    this.#credit = Math.min(this.#credit + earned, rate / 50);
    this.#creditAt = at;
    const size = Math.min(wanted, Math.floor(this.#credit));
    return size < Math.min(wanted, smallestWrite) ? 0 : size;
  }

  #later(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.pump();
    }, 4);
  }
}

interface Connection {
  requests: HeadReader;
  early: Buffer[];
  down: Downstream;
}

function forward({ down, early }: Connection, bytes: Buffer): void {
  if (!down.upstream) early.push(bytes);
  else if (down.upstream.write(bytes) < bytes.length) down.client.terminate();
}

async function connectUpstream(connection: Connection, port: number): Promise<void> {
  const { down } = connection;
  await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (socket) => {
        down.upstream = socket;
        for (const bytes of connection.early) forward(connection, bytes);
      },
      data: (_, bytes) => down.push(bytes),
      close: () => {
        down.upstreamEnded = true;
        down.pump();
      },
      error: () => down.client.terminate(),
    },
  });
}

function listen(port: number, upstreamPort: number): void {
  Bun.listen<Connection>({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (socket) => {
        const down = new Downstream(socket, new Meter());
        socket.data = { requests: new HeadReader(), early: [], down };
        connectUpstream(socket.data, upstreamPort).catch(() => socket.terminate());
      },
      data: ({ data }, bytes) => {
        for (let from = 0; from < bytes.length;) {
          const head = data.requests.feed(bytes, from);
          if (!head) break;
          data.down.meter.asked(head.text);
          from = head.next;
        }
        forward(data, bytes);
      },
      drain: ({ data }) => data.down.drained(),
      close: ({ data }) => data.down.close(),
    },
  });
}

function control(port: number): void {
  Bun.serve({
    hostname: "127.0.0.1",
    port,
    fetch: (request) => {
      const url = new URL(request.url);
      if (url.pathname === "/records") return Response.json(records);
      records = [];
      rate = Number(url.searchParams.get("rate"));
      return new Response("ok");
    },
  });
}

const [upstreamPort, port, controlPort] = Bun.argv.slice(2).map(Number);
if (upstreamPort && port && controlPort) {
  listen(port, upstreamPort);
  control(controlPort);
}
