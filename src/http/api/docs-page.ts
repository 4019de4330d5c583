import { createHash } from "node:crypto";
import { actions, type Action } from "../../access/contract.ts";

/** As much of OpenAPI as our document has. */
export interface ApiDocument {
  info: { title: string; version: string };
  paths?: object | undefined;
  components?: { schemas?: object } | undefined;
}

interface Operation {
  summary?: string;
  "x-permission"?: string;
  parameters?: {
    name: string;
    in: string;
    required?: boolean;
    description?: string;
    schema?: Schema;
  }[];
  requestBody?: { content?: Content };
  responses?: Record<string, { content?: Content }>;
}
type Content = Record<string, { schema?: Schema }>;

interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 62rem; margin: 0 auto; padding: 1rem; }
code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 0.5rem 0; }
th, td { text-align: left; vertical-align: top; padding: 0.25rem 0.75rem 0.25rem 0; border-bottom: 1px solid #8884; }
details { border-bottom: 1px solid #8884; padding: 0.4rem 0; }
summary { cursor: pointer; }
summary b { display: inline-block; min-width: 4.5rem; }
`;

/** Nothing is loaded, nothing runs, nobody frames it: the one style is known by its hash. */
export const docsPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The API's document as a page for people. */
export function docsPage({ info, paths = {}, components }: ApiDocument): string {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as object).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      operation: operation as Operation,
    })),
  );
  const areas = Map.groupBy(operations, ({ path }) => areaOf(path));
  const schemas = Object.entries(components?.schemas ?? {}) as [string, Schema][];
  const title = `${text(info.title)} API`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>Version ${text(info.version)}. As a document for machines: <a href="/api/v4/openapi.json">OpenAPI</a>.</p>
<nav aria-label="Areas"><ul>${[...areas.keys()].map((area) => `<li><a href="#${slug(area)}">${text(area)}</a></li>`).join("")}<li><a href="#objects">Objects</a></li></ul></nav>
</header>
<main>
${[...areas].map(([area, all]) => `<section><h2 id="${slug(area)}">${text(area)}</h2>\n${all.map(operationHtml).join("\n")}</section>`).join("\n")}
<section><h2 id="objects">Objects</h2>
${schemas.map(([name, schema]) => `<h3 id="object-${slug(name)}">${text(name)}</h3>\n${fieldsHtml(schema)}`).join("\n")}</section>
</main>
</body>
</html>
`;
}

/** What stands in the path behind what all have. */
function areaOf(path: string): string {
  const words = path.replace(/^\/api\/v4\//, "").split("/");
  const named = words.filter((word) => !/^\{|^-$/.test(word));
  const [first = "", second, third] = named;
  if (first === "groups" && second === "virtual_registries") return "virtual registries of a group";
  if (first === "virtual_registries" && third) return third.replaceAll("_", " ");
  if ((first === "groups" || first === "projects") && second)
    return `${second} of ${first}`.replaceAll("_", " ");
  return first.replaceAll("_", " ");
}

interface Described {
  path: string;
  method: string;
  operation: Operation;
}

function operationHtml({ path, method, operation }: Described): string {
  const { summary = "", parameters = [], requestBody, responses = {} } = operation;
  const permission = operation["x-permission"];
  const [status, good] = Object.entries(responses).find(([code]) => code !== "default") ?? [];
  const body = schemaIn(requestBody?.content);
  const answer = schemaIn(good?.content);
  return `<details><summary><b>${method}</b> <code>${text(path)}</code> ${text(summary)}</summary>
<p>${text(whoMay(permission))}</p>
${parameters.length > 0 ? table(["parameter", "in", "type", ""], parameters.map(parameterRow)) : ""}
${body ? `<p>Body: ${typeHtml(body)}</p>` : ""}
<p>Answers ${text(status ?? "")}${answer ? ` with ${typeHtml(answer)}` : ""}.</p>
</details>`;
}

function whoMay(permission: string | undefined): string {
  if (permission === undefined) return "Open to all.";
  const { least, subject } = actions[permission as Action];
  return `For those who may ${permission.replaceAll("_", " ")}: ${least} of the ${subject}, or more.`;
}

type Parameter = NonNullable<Operation["parameters"]>[number];

const parameterRow = ({ name, in: place, required, description = "", schema = {} }: Parameter) => [
  `<code>${text(name)}</code>`,
  text(place),
  typeHtml(schema),
  text([required ? "required" : "", description].filter(Boolean).join("; ")),
];

function fieldsHtml(schema: Schema): string {
  const { properties, required = [] } = schema;
  if (!properties) return `<p>${typeHtml(schema)}</p>`;
  const rows = Object.entries(properties).map(([name, field]) => [
    `<code>${text(name)}</code>`,
    typeHtml(field),
    required.includes(name) ? "always" : "",
  ]);
  return table(["field", "type", ""], rows);
}

const schemaIn = (content: Content | undefined) => content?.["application/json"]?.schema;

/** Cells are HTML. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = (all: readonly string[], tag: string) =>
    `<tr>${all.map((cell) => `<${tag}>${cell}</${tag}>`).join("")}</tr>`;
  return `<table><thead>${cells(head, "th")}</thead><tbody>${rows.map((row) => cells(row, "td")).join("")}</tbody></table>`;
}

function typeHtml(schema: Schema): string {
  const { $ref, type, items, anyOf, oneOf, properties } = schema;
  if ($ref !== undefined) {
    const name = $ref.slice($ref.lastIndexOf("/") + 1);
    return `<a href="#object-${slug(name)}">${text(name)}</a>`;
  }
  const either = anyOf ?? oneOf;
  if (either) return either.map(typeHtml).join(" or ");
  if (items) return `list of ${typeHtml(items)}`;
  if (schema.enum)
    return schema.enum.map((value) => `<code>${text(String(value))}</code>`).join(", ");
  if (properties)
    return Object.keys(properties)
      .map((name) => `<code>${text(name)}</code>`)
      .join(", ");
  const limits = [
    schema.format,
    schema.minimum === undefined ? undefined : `from ${schema.minimum}`,
    schema.maximum === undefined || schema.maximum > 1e12 ? undefined : `to ${schema.maximum}`,
    schema.maxLength === undefined ? undefined : `at most ${schema.maxLength} characters`,
  ].filter((limit) => limit !== undefined);
  const kind = [type ?? "anything"].flat().join(" or ");
  return text([kind, ...limits].join(", "));
}

const slug = (name: string) => name.toLowerCase().replace(/[^a-z0-9]+/g, "-");

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const text = (plain: string) => plain.replace(/[&<>"']/g, (letter) => entities[letter] ?? "");
