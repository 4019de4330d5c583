import { Browser } from "./browser.ts";
import { externalUrl, type TestWeir } from "./weir.ts";

export const sessionCookie = "__Host-weir_session";
export const goodPassword = "correct horse battery";

export interface Reply {
  status: number;
  body: unknown;
  response: Response;
}

/** What somebody sees of a server in his browser. */
export class Visitor {
  readonly browser = new Browser();

  constructor(readonly weir: TestWeir) {}

  /** A call of a page of ours. */
  async call(method: string, path: string, body?: unknown, headers: object = {}): Promise<Reply> {
    const url = `${this.weir.url}/api/v4${path}`;
    const response = await this.browser.send(method, url, { body, page: externalUrl, headers });
    const text = await response.text();
    const parsed = text ? (JSON.parse(text) as unknown) : undefined;
    return { status: response.status, body: parsed, response };
  }

  async signIn(body: object): Promise<Reply> {
    const reply = await this.call("POST", "/session", body);
    if (reply.status === 201) {
      this.browser.csrfToken = (reply.body as { csrf_token: string }).csrf_token;
    }
    return reply;
  }

  get secret(): string | undefined {
    return this.browser.cookie(this.weir.url, sessionCookie);
  }

  /** Who he is to the server; undefined: nobody. */
  async name(): Promise<string | undefined> {
    const { status, body } = await this.call("GET", "/session");
    if (status === 401) return undefined;
    return (body as { user: { username: string } }).user.username;
  }
}

/** The id of a user of this name, who has a token. */
export async function idOf(weir: TestWeir, token: string): Promise<number> {
  const response = await fetch(`${weir.url}/api/v4/session`, {
    headers: { "PRIVATE-TOKEN": token },
  });
  const { user } = (await response.json()) as { user: { id: number } };
  return user.id;
}
