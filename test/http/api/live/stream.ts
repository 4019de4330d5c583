import { until } from "../../../fakes/until.ts";
import { adminToken, type TestWeir } from "../../../fakes/weir.ts";

export interface Pull {
  id: string;
  at: string;
  registry_id: number;
  upstream_id: number | null;
  upstream: string | null;
  repository: string;
  reference: string | null;
  kind: string;
  cache_status: string;
  reason: string | null;
  status: number;
  bytes: number;
  duration_ms: number;
  outcome: string;
  error: { code: string; message: string; next: string } | null;
  actor: string | null;
}

export interface Heard {
  event: string;
  id: string | undefined;
  data: unknown;
}

interface Who {
  token?: string;
  /** In place of a token. */
  cookie?: string;
  after?: string | undefined;
}

export const container = "/groups/default/-/virtual_registries/container";

/** What a listener hears of a stream of events. */
export class Events {
  readonly heard: Heard[] = [];
  text = "";
  isOver = false;
  readonly #abort = new AbortController();

  private constructor(
    readonly weir: TestWeir,
    readonly status: number,
  ) {}

  static async open(
    weir: TestWeir,
    query = "",
    { token = adminToken, cookie, after }: Who = {},
  ): Promise<Events> {
    const abort = new AbortController();
    const answer = await fetch(`${weir.url}/api/v4${container}/events${query}`, {
      headers: {
        Accept: "text/event-stream",
        ...(cookie === undefined ? { "PRIVATE-TOKEN": token } : { Cookie: cookie }),
        ...(after !== undefined && { "Last-Event-ID": after }),
      },
      signal: abort.signal,
    });
    const events = new Events(weir, answer.status);
    events.#abort.signal.addEventListener("abort", () => abort.abort());
    if (answer.status === 200) void events.#read(answer);
    else await answer.body?.cancel();
    return events;
  }

  leave(): void {
    this.#abort.abort();
  }

  of(event: string): unknown[] {
    return this.heard.filter((one) => one.event === event).map(({ data }) => data);
  }

  get pulls(): Pull[] {
    return this.of("pull") as Pull[];
  }

  /** Steps the clock look by look until this is so. */
  async until(condition: () => boolean): Promise<void> {
    await until(async () => {
      if (condition()) return true;
      this.weir.clock.step(500);
      await this.weir.begun();
      return condition();
    });
  }

  async #read({ body }: Response): Promise<void> {
    try {
      for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
        this.text += part;
        this.#parse();
      }
    } catch {
      // it was left
    }
    this.isOver = true;
  }

  #parse(): void {
    const whole = this.text.split("\n\n").slice(0, -1);
    this.heard.splice(0, this.heard.length, ...whole.filter(isEvent).map(parsed));
  }
}

const isEvent = (text: string) => text.startsWith("event: ");

function parsed(text: string): Heard {
  const fields = new Map(text.split("\n").map((line) => line.split(/: (.*)/s) as [string, string]));
  const data = JSON.parse(fields.get("data") ?? "null") as unknown;
  return { event: fields.get("event") ?? "", id: fields.get("id"), data };
}

/** The status of an answer that is read to its end. */
export async function read(answer: Promise<Response>): Promise<number> {
  const { status, body } = await answer;
  await new Response(body).arrayBuffer();
  return status;
}
