import { createHmac } from "node:crypto";

/** What a receiver was sent. */
export interface Received {
  path: string;
  headers: Headers;
  text: string;
  message: { type: string; timestamp: string; group_id: number; data: Record<string, unknown> };
}

/** A receiver of webhooks, on a real loopback port, that answers as told. */
export class Receiver {
  readonly received: Received[] = [];
  /** How the next ones are answered; the last one for all that follow. */
  answers: (() => Response | Promise<Response>)[] = [];
  readonly #server: Bun.Server<undefined>;

  constructor() {
    this.#server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const text = await request.text();
        const message = JSON.parse(text) as Received["message"];
        const { headers } = request;
        this.received.push({ path: new URL(request.url).pathname, headers, text, message });
        const [answer] = this.answers.length > 1 ? this.answers.splice(0, 1) : this.answers;
        return answer ? answer() : new Response(null, { status: 204 });
      },
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/hook`;
  }

  get types(): string[] {
    return this.received.map(({ message }) => message.type);
  }

  of(type: string): Received[] {
    return this.received.filter(({ message }) => message.type === type);
  }

  stop(): Promise<void> {
    return this.#server.stop(true);
  }
}

/** Whether a message is signed as Standard Webhooks wants it, by other code than ours. */
export function isSigned({ headers, text }: Received, secret: string): boolean {
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signed = `${headers.get("webhook-id")}.${headers.get("webhook-timestamp")}.${text}`;
  const expected = createHmac("sha256", key).update(signed).digest("base64");
  const given = (headers.get("webhook-signature") ?? "").split(" ");
  return given.includes(`v1,${expected}`);
}
