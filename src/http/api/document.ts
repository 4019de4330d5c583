import { z } from "@hono/zod-openapi";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { type Action, actions } from "../../access/contract.ts";
import { conditionHeaders } from "./conditions.ts";

type Registry = OpenAPIHono["openAPIRegistry"];

/** What the document tells of an endpoint. */
export interface Described {
  method: "get" | "post" | "put" | "patch" | "delete";
  /** As in OpenAPI, with `{id}`. */
  path: string;
  summary: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodObject;
  /** No form, which any page could send. */
  onlyJson?: true;
  /** Instead of fields, the body is a file of this type, of any size. */
  upload?: string;
  /** A change that is made only if the condition holds that the request may set. */
  conditional?: true;
  /** The answer has an `ETag`, for the `If-Match` of a change. */
  tagged?: true;
  /** Of the one good answer; undefined: it has no body. */
  answer?: z.ZodType;
  /** Instead of JSON, the answer is a file of this type. */
  download?: string;
  status: 200 | 201 | 202 | 204 | 303;
  /** Beside those that follow from the rest of this. */
  refusals?: readonly Refusal[];
}

const apiError = z
  .union([
    z.strictObject({
      error: z.string(),
      error_description: z.string().optional(),
      scope: z.string().optional(),
    }),
    z.strictObject({
      message: z.union([
        z.string(),
        z.strictObject({ error: z.string() }),
        z.record(z.string(), z.array(z.string())),
      ]),
    }),
  ])
  .openapi("Error");

/** Every status that this API refuses with, and what the document calls it. */
const refusals = {
  400: [
    "BadRequest",
    "A parameter is missing, unknown or cannot be read, or the thing may not be so",
  ],
  401: ["Unauthorized", "No access token, or one that does not count"],
  403: ["Forbidden", "The token's scope, or the role in the group, is not for this"],
  404: ["NotFound", "Not there, or not the caller's to know of"],
  408: ["RequestTimeout", "Nothing more of the body has come"],
  409: ["Conflict", "It is there already, or was changed meanwhile"],
  412: ["PreconditionFailed", "It is not what the request says it must be"],
  413: ["TooLarge", "The body is too large"],
  415: ["UnsupportedMediaType", "The body is neither JSON nor a form"],
  422: ["Unprocessable", "The archive is not what it must be"],
  429: ["TooManyRequests", "Too often; `Retry-After` says when again"],
  502: ["BadGateway", "What an upstream answered is wrong"],
  503: ["Unavailable", "What is asked for cannot be had now"],
  507: ["InsufficientStorage", "The store cannot take it"],
} as const satisfies Record<number, readonly [name: string, text: string]>;
export type Refusal = keyof typeof refusals;

/** The components that endpoints refer to. */
export function documentRefusals(registry: Registry): void {
  registry.register("Error", apiError);
  const schema = { $ref: "#/components/schemas/Error" };
  for (const [name, description] of Object.values(refusals)) {
    const content = { "application/json": { schema } };
    registry.registerComponent("responses", name, { description, content });
  }
}

/** What requests like this can be refused with. `action`: undefined where it is open to all. */
function refusalsOf(
  { method, params, upload, conditional, refusals = [] }: Described,
  action: Action | undefined,
): Refusal[] {
  const isChange = method !== "get";
  const isFound = params !== undefined || (action && actions[action].subject !== "server");
  const all: (Refusal | false | undefined)[] = [
    400,
    action && 401,
    action && 403,
    isFound && 404,
    (conditional || (isChange && method !== "post")) && 412,
    isChange && upload === undefined && 413,
    isChange && method !== "delete" && upload === undefined && 415,
    ...refusals,
  ];
  return [...new Set(all.filter((status) => typeof status === "number"))].sort((a, b) => a - b);
}

const etag = {
  description: "for the `If-Match` of a change",
  required: true,
  schema: { type: "string", pattern: '^"[0-9a-f]{32}"$' },
} as const;
const binary = z.string().openapi({ format: "binary" });
const json = (schema: z.ZodType) => ({ content: { "application/json": { schema } } });
/** Each of them, and not the stream as one text: so they are read by what checks answers against the document. */
const serverSentEvent = z
  .strictObject({ event: z.string().optional(), id: z.string().optional(), data: z.string() })
  .openapi("ServerSentEvent");
const file = (type: string) => {
  const schema = type === "text/event-stream" ? serverSentEvent : binary;
  return { content: { [type]: { schema } } };
};
/** As a form, too: what is no text stands there as it does in JSON. */
function fields(schema: z.ZodObject, onlyJson: boolean) {
  const all: [string, z.ZodType][] = Object.entries(schema.shape);
  const lists = all.filter(([, field]) => z.toJSONSchema(field, toldAs).type === "array");
  const encoding = Object.fromEntries(lists.map(([name]) => [name, { contentType: jsonType }]));
  const form = { schema, ...(lists.length > 0 && { encoding }) };
  return {
    required: !all.every(([, field]) => field.safeParse(undefined).success),
    content: { [jsonType]: { schema }, ...(!onlyJson && { [formType]: form }) },
  };
}
const jsonType = "application/json";
const formType = "application/x-www-form-urlencoded";
const toldAs = { io: "input", unrepresentable: "any" } as const;

const credentials = [{ privateToken: [] }, { bearer: [] }, { jobToken: [] }, { session: [] }];

function requestOf({ params, query, conditional, body, upload, onlyJson }: Described) {
  const all = {
    ...(params && { params }),
    ...(query && { query }),
    ...(conditional && { headers: conditionHeaders }),
  };
  if (upload) return { ...all, body: { ...file(upload), required: true } };
  if (!body) return all;
  return {
    ...all,
    // Made when the document is asked for: most servers never are.
    get body() {
      return fields(body, onlyJson === true);
    },
  };
}

/** Adds an endpoint to the document. `action`: see `refusalsOf`. */
export function document(
  registry: Registry,
  described: Described,
  action: Action | undefined,
): void {
  const { method, path, summary, answer, status, download, tagged } = described;
  const refused = refusalsOf(described, action).map(
    (code) => [code, { $ref: `#/components/responses/${refusals[code][0]}` }] as const,
  );
  registry.registerPath({
    method,
    path: `/api/v4${path}`,
    summary,
    security: action ? credentials : [],
    ...(action && { "x-permission": action }),
    request: requestOf(described),
    responses: {
      [status]: {
        description: "Done",
        ...(tagged && { headers: { ETag: etag } }),
        ...(answer && json(answer)),
        ...(download && file(download)),
      },
      ...Object.fromEntries(refused),
    },
  });
}
