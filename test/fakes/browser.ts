/** A browser as far as cookies and the origin of pages matter: it keeps cookies by host and port, and follows nothing by itself. */
export class Browser {
  readonly #jar = new Map<string, Map<string, { value: string; path: string }>>();
  /** Of the page that it shows; sent with each change. */
  csrfToken: string | undefined;

  /** `Set-Cookie` of the last answer. */
  lastCookies: string[] = [];

  /** `page`: the origin of the page that sends it; undefined: somebody has typed the address, or followed a link. */
  async send(
    method: string,
    url: string,
    { body, page, headers = {} }: { body?: unknown; page?: string; headers?: object } = {},
  ): Promise<Response> {
    const target = new URL(url);
    const cookies = this.#cookies(target);
    const isForm = body instanceof URLSearchParams;
    const response = await fetch(target, {
      method,
      redirect: "manual",
      headers: {
        ...(cookies && { Cookie: cookies }),
        ...(page !== undefined && method !== "GET" && { Origin: page }),
        ...(this.csrfToken !== undefined && { "X-CSRF-Token": this.csrfToken }),
        ...(body !== undefined && !isForm && { "Content-Type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    });
    this.lastCookies = response.headers.getSetCookie();
    for (const line of this.lastCookies) this.#keep(target, line);
    return response;
  }

  cookie(url: string, name: string): string | undefined {
    return this.#jar.get(new URL(url).host)?.get(name)?.value;
  }

  setCookie(url: string, name: string, value: string | undefined): void {
    const { host } = new URL(url);
    const own = this.#jar.get(host) ?? new Map<string, { value: string; path: string }>();
    this.#jar.set(host, own);
    if (value === undefined) own.delete(name);
    else own.set(name, { value, path: "/" });
  }

  #cookies({ host, pathname }: URL): string {
    const own = [...(this.#jar.get(host) ?? [])].filter(([, { path }]) =>
      pathname.startsWith(path),
    );
    return own.map(([name, { value }]) => `${name}=${value}`).join("; ");
  }

  #keep({ host }: URL, line: string): void {
    const [pair = "", ...attributes] = line.split(/;\s*/);
    const name = pair.slice(0, pair.indexOf("="));
    const value = pair.slice(name.length + 1);
    const own = this.#jar.get(host) ?? new Map<string, { value: string; path: string }>();
    this.#jar.set(host, own);
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? "/";
    const expires = attributes.find((one) => /^expires=/i.test(one))?.slice(8);
    const isOver =
      attributes.some((one) => /^max-age=0$/i.test(one)) ||
      (expires !== undefined && Date.parse(expires) < Date.now());
    if (isOver) own.delete(name);
    else own.set(name, { value, path });
  }
}
