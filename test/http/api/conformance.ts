import { readFileSync } from "node:fs";
import path from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

interface Operation {
  "x-permission"?: string;
  security: unknown[];
  parameters?: { in: string; name: string }[];
  responses: Record<string, { $ref?: string; content?: Content; headers?: Record<string, object> }>;
}
type Content = Record<string, { schema: object }>;

export interface Described {
  /** Method and path, as in the document. */
  name: string;
  method: string;
  path: string;
  action: string | undefined;
  operation: Operation;
}

interface ApiDocument {
  paths: Record<string, Record<string, Operation>>;
  components: { responses: Record<string, { content: Content }>; schemas: Record<string, object> };
}

/** The golden file, which openapi.test.ts holds to what the server says. */
export const golden = path.join(import.meta.dir, "openapi.json");
const apiDocument = JSON.parse(readFileSync(golden, "utf8")) as ApiDocument;

export const operations: Described[] = Object.entries(apiDocument.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      method: method.toUpperCase(),
      path,
      action: operation["x-permission"],
      operation,
    })),
);

const validators = new Map<string, ValidateFunction>();
const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
ajv.addSchema(apiDocument, "api");

/** The pointer of a schema within the document, compiled once. */
function validator(pointer: string): ValidateFunction {
  const known = validators.get(pointer);
  if (known) return known;
  const made = ajv.compile({ $ref: `api#${pointer}` });
  validators.set(pointer, made);
  return made;
}

const escape = (part: string) =>
  encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"));

const routes = operations
  .map((described) => {
    const source = described.path
      .split(/\{\w+\}/)
      .map((part) => part.replace(/[.*+?^$()|[\]\\]/g, "\\$&"))
      .join("[^/]+");
    return { ...described, pattern: new RegExp(`^${source}$`) };
  })
  // What is spelt out comes before what can be anything.
  .sort((a, b) => a.path.split("{").length - b.path.split("{").length);

export function operationAt(method: string, target: string): Described | undefined {
  const [path = ""] = target.split("?");
  return routes.find((route) => route.method === method && route.pattern.test(path));
}

export interface Answered {
  status: number;
  /** Undefined where there is no body. */
  contentType: string | undefined;
  etag: string | null;
  /** The parsed body, where it is JSON. */
  body: unknown;
}

/** The events of a stream, as whoever follows it gets them; lines that begin with a colon are nothing to him. */
function eventsIn(stream: string): Record<string, string>[] {
  const blocks = stream.split("\n\n").map((block) =>
    block.split("\n").flatMap((line) => {
      const [, name = "", value = ""] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      return name === "" ? [] : [[name, value] as const];
    }),
  );
  return blocks.filter((fields) => fields.length > 0).map((fields) => Object.fromEntries(fields));
}

/** What about this answer is not in the document; nothing where all is, and where nothing is at this path. */
export function undocumented(method: string, target: string, answered: Answered): string[] {
  const found = operationAt(method, target);
  if (!found) return [];
  const { status, contentType, etag, body } = answered;
  const response = found.operation.responses[String(status)];
  if (!response) return [`${found.name} does not answer ${status}`];
  if ((response.headers?.["ETag"] !== undefined) !== (etag !== null))
    return [`${found.name} ${status} has the ETag ${etag}, and that is not what it says`];
  const own = `/paths/${escape(found.path)}/${method.toLowerCase()}/responses/${status}`;
  const at = response.$ref?.slice(1) ?? own;
  const name = response.$ref?.split("/").at(-1);
  const content = name ? apiDocument.components.responses[name]?.content : response.content;
  if (!content) return contentType === undefined ? [] : [`${found.name} ${status} has no body`];
  const [type = ""] = (contentType ?? "").split(";");
  if (!content[type]) return [`${found.name} ${status} is not ${type || "without a body"}`];
  const isStream = type === "text/event-stream";
  if (type !== "application/json" && !isStream) return [];
  const validate = validator(`${at}/content/${escape(type)}/schema`);
  const told = isStream ? eventsIn(String(body)) : [body];
  if (told.length > 0 && told.every((one) => validate(one))) return [];
  const errors = (validate.errors ?? []).map(({ instancePath, message }) =>
    `${instancePath} ${message ?? ""}`.trim(),
  );
  return [`${found.name} ${status}: ${errors.join(", ")} in ${JSON.stringify(body)}`];
}
