import { z } from "@hono/zod-openapi";
import { JsonLimitError, parseStrictJson } from "../../lib/strict-json.ts";
import { pathText } from "../../work/contract.ts";
import { badRequest, invalidRecord, tooLarge, ApiError } from "./errors.ts";

const maxBody = 64 << 10;
/** Of a name that somebody else has made up. */
const maxTold = 100;
const limits = { depth: 8, elements: 1000 };

/** Checks an input. What is missing or cannot be read comes first, then what may not be, all of a kind at once. */
export function check<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const { data, error } = schema.safeParse(input);
  if (!error) return data;
  const problems = error.issues.flatMap((issue) => problemsOf(issue, input));
  const unreadable = problems.filter(({ ofRecord }) => !ofRecord);
  if (unreadable.length > 0) {
    throw badRequest(unreadable.map(({ field, text }) => `${field} ${text}`.trim()).join(", "));
  }
  const byField = Map.groupBy(problems, ({ field }) => field);
  const entries = [...byField].map(([field, all]) => [field, all.map(({ text }) => text)] as const);
  throw invalidRecord(Object.fromEntries(entries));
}

interface Problem {
  field: string;
  /** Goes on from the field's name. */
  text: string;
  /** Readable, but not what may be. */
  ofRecord?: boolean;
}

function problemsOf(issue: z.core.$ZodIssue, input: unknown): Problem[] {
  const field = pathText(issue.path);
  switch (issue.code) {
    case "unrecognized_keys":
      return issue.keys.map((key) => ({
        field: pathText([...issue.path, key]),
        text: "is not known",
      }));
    case "invalid_type":
      return [{ field, text: isMissing(issue.path, input) ? "is missing" : "is invalid" }];
    case "invalid_value":
      return [{ field, text: isMissing(issue.path, input) ? "is missing" : noValidValue }];
    case "too_small":
      return [{ field, text: issue.origin === "string" ? "is empty" : noValidValue }];
    case "too_big": {
      const text = `is too long (maximum is ${issue.maximum} characters)`;
      return [
        issue.origin === "string" ? { field, text, ofRecord: true } : { field, text: noValidValue },
      ];
    }
    case "custom":
      return [{ field, text: issue.message, ofRecord: issue.params?.["ofRequest"] !== true }];
    default:
      return [{ field, text: "is invalid" }];
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const noValidValue = "does not have a valid value";

function isMissing(path: readonly PropertyKey[], input: unknown): boolean {
  const value = path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? Reflect.get(at, key) : undefined),
    input,
  );
  return value === undefined;
}

/** The query as an object. Throws where a parameter stands twice: two readers would take two different values. */
export function readQuery(url: string): Record<string, string> {
  const { search, searchParams } = new URL(url);
  requireUtf8(search.slice(1));
  return fromEntries([...searchParams]);
}

/** What is written with `%` and is no UTF-8 would become another text, silently. */
function requireUtf8(encoded: string): void {
  if (!encoded.includes("%")) return;
  for (const part of encoded.split("&")) {
    try {
      decodeURIComponent(part);
    } catch {
      const [name = ""] = new URLSearchParams(part).keys();
      throw badRequest(
        `${name.slice(0, maxTold)} is not UTF-8, or has a % that stands for nothing`,
      );
    }
  }
}

function fromEntries<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  const names = entries.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw badRequest(`${twice} is given more than once`);
  return Object.fromEntries(entries);
}

/** The fields of a JSON or form body; none where there is no body. */
export async function readBody(request: Request, schema: z.ZodObject): Promise<unknown> {
  if (Number(request.headers.get("content-length") ?? 0) > maxBody) throw tooLarge();
  const bytes = await bounded(request);
  if (bytes.byteLength === 0) return {};
  const type = request.headers.get("content-type") ?? "";
  if (/^application\/json\b/i.test(type)) return readJson(bytes);
  if (/^(?:application\/x-www-form-urlencoded|multipart\/form-data)\b/i.test(type)) {
    return readForm(bytes, type, schema);
  }
  throw new ApiError(415, { error: "the body must be application/json or a form" });
}

/** Not `arrayBuffer`, which would take in whatever comes where no length is announced. */
async function bounded({ body }: Request): Promise<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body ?? []) {
    length += part.length;
    if (length > maxBody) throw tooLarge();
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts)).buffer;
}

function readJson(bytes: ArrayBuffer): object {
  try {
    const value = parseStrictJson(utf8.decode(bytes), limits);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (error instanceof JsonLimitError && error.twice !== undefined)
      throw badRequest(`${error.twice.slice(0, maxTold)} is given more than once`);
    if (error instanceof JsonLimitError)
      throw badRequest(`the body is not acceptable: ${error.message}`);
    throw badRequest("the body is not well-formed JSON");
  }
  throw badRequest("the body must be a JSON object");
}

/** Values of a form are texts; what is to be something else stands there as it would in JSON. */
async function readForm(bytes: ArrayBuffer, type: string, schema: z.ZodObject): Promise<object> {
  let form: FormData;
  try {
    const text = utf8.decode(bytes);
    if (!/^multipart/i.test(type)) requireUtf8(text);
    form = await new Response(bytes, { headers: { "Content-Type": type } }).formData();
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw badRequest("the body is not a well-formed form");
  }
  const fields = fromEntries(withLists([...form.entries()]));
  const entries = Object.entries(fields).map(([name, value]) => {
    if (typeof value !== "string" || isText(schema.shape[name])) return [name, value] as const;
    return [name, parsed(value)] as const;
  });
  return Object.fromEntries(entries);
}

/** `name[]`, once for each of them, is how forms write a list for GitLab: it becomes the list in JSON. */
function withLists(
  entries: readonly (readonly [string, FormDataEntryValue])[],
): [string, FormDataEntryValue][] {
  const lists = Map.groupBy(entries, ([name]) => /^(\w+)\[\]$/.exec(name)?.[1]);
  const single = (lists.get(undefined) ?? []).map(([name, value]) => [name, value] as const);
  lists.delete(undefined);
  const whole = [...lists].map(([name = "", items]) => {
    return [name, JSON.stringify(items.map(([, value]) => value))] as const;
  });
  return [...single, ...whole].map(([name, value]) => [name, value]);
}

function isText(schema: unknown): boolean {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) {
    return isText(schema.unwrap());
  }
  if (schema instanceof z.ZodPipe) return isText(schema.in);
  return schema instanceof z.ZodString || schema instanceof z.ZodEnum;
}

function parsed(text: string): unknown {
  try {
    return parseStrictJson(text, limits);
  } catch {
    return text; // of the wrong type, which the check then says by name
  }
}
