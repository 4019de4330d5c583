import createClient from "openapi-fetch";
import { lost } from "./connection.ts";
import { ApiError, errorOf, Unreachable } from "./errors.ts";
import type { paths } from "./schema.ts";
import { me, signedInAgain } from "./session.ts";

/**
 * The API, by the paths and types of its document. Its answers go through `ask`, or `askTagged` for what is to be edited:
 * `ask(api.GET("/api/v4/groups", { params: { query: { search } } }))`.
 */
export const api = createClient<paths>({ fetch: send });

interface Answered<T> {
  data?: T;
  response: Response;
}

/** The body of an answer. Throws `ApiError` for a refusal and `Unreachable` for none. */
export async function ask<T>(call: Promise<Answered<T>>): Promise<T> {
  return (await call).data as T;
}

/** The same with what the answer says about itself: its `ETag`, for `If-Match` in the change to come. */
export async function askTagged<T>(call: Promise<Answered<T>>): Promise<{ data: T; tag: string }> {
  const { data, response } = await call;
  return { data: data as T, tag: response.headers.get("etag") ?? "*" };
}

/** The headers of a change that is for what was read, and for nothing newer. */
export const ifMatch = (tag: string) => ({ "If-Match": tag });

/**
 * The tag of what one means to change and sees in a list, which has none: `seen` is what the list says. What is not so any
 * more is a conflict, as it would be of a tag.
 */
export async function tagOfSeen<T extends object>(
  seen: Partial<T>,
  call: Promise<Answered<T>>,
): Promise<string> {
  const { data, tag } = await askTagged(call);
  const fields = Object.keys(seen) as (keyof T)[];
  if (fields.every((field) => JSON.stringify(seen[field]) === JSON.stringify(data[field]))) {
    return tag;
  }
  throw new ApiError(412, "It is not any more what is shown here.", {}, null, undefined);
}

/** A page of a list, and where it stands. */
export interface Page<T> {
  items: T[];
  /** Undefined on the last page. */
  next: number | undefined;
  /** Undefined where the server does not count. */
  total: number | undefined;
}

export async function askPage<T>(call: Promise<Answered<T[]>>): Promise<Page<T>> {
  const { data = [], response } = await call;
  const number = (name: string) => Number(response.headers.get(name) || Number.NaN);
  const [next, total] = [number("x-next-page"), number("x-total")];
  return {
    items: data,
    next: Number.isNaN(next) ? undefined : next,
    total: Number.isNaN(total) ? undefined : total,
  };
}

/** Sends it as the one who is signed in; where the session has ended meanwhile, once more when he has signed in again. */
async function send(request: Request): Promise<Response> {
  const again = request.clone();
  let response = await sendOnce(request);
  if (response.status === 401 && !isAboutSession(request)) {
    const asked = await signedInAgain().then(
      () => true,
      () => false,
    );
    if (asked) response = await sendOnce(again);
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

const isAboutSession = ({ url }: Request) => new URL(url).pathname === "/api/v4/session";

async function sendOnce(request: Request): Promise<Response> {
  const token = me.value?.csrf_token;
  if (token && request.method !== "GET") request.headers.set("X-CSRF-Token", token);
  try {
    return await fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    lost();
    throw new Unreachable(error);
  }
}
