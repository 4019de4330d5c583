/** The name says that it was set for this host alone, over a secure connection (RFC 6265bis, section 4.1.3.2). */
export const sessionCookie = "__Host-weir_session";
/** What the browser keeps while somebody logs in at his identity provider. */
export const signInCookie = "__Host-weir_sign_in";

/** The value of a cookie; undefined where it is not there, or there twice: which one counts is nobody's to guess. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? "").split(";").flatMap((pair) => {
    const [, key = "", value = ""] = /^\s*([^=\s]+)=([^\s",;\\]*)\s*$/.exec(pair) ?? [];
    return key === name ? [value] : [];
  });
  return values.length === 1 ? values[0] : undefined;
}

/**
 * `Set-Cookie` of the login. Pages are the same for everyone, and what asks for more comes from them: so nothing needs
 * the cookie that comes from elsewhere.
 */
export function loginCookie(secret: string, seconds: number): string {
  return cookie(sessionCookie, secret, seconds, "Strict");
}

export const noLoginCookie = cookie(sessionCookie, "", 0, "Strict");

/** The browser is sent back by another site, and has to bring this one along. */
export function keptCookie(kept: string, seconds: number): string {
  return cookie(signInCookie, kept, seconds, "Lax");
}

export const noKeptCookie = cookie(signInCookie, "", 0, "Lax");

function cookie(name: string, value: string, seconds: number, sameSite: "Strict" | "Lax"): string {
  return `${name}=${value}; Path=/; Max-Age=${seconds}; Secure; HttpOnly; SameSite=${sameSite}`;
}
