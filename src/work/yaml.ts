import { type Document, isScalar, LineCounter, parseDocument, visit, type YAMLError } from "yaml";
import { isMap } from "./text.ts";

/**
 * A map from YAML, every scalar as the text that is written: `0123` keeps its zero and a long number its digits.
 * Otherwise the problems, by line and column; they never quote a value, for it may be a secret.
 */
export function readYaml(text: string): { map: Record<string, unknown> } | { problems: string[] } {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    schema: "failsafe",
    prettyErrors: false,
    stringKeys: true,
    resolveKnownTags: false,
    lineCounter: lines,
  });
  const errors: YAMLError[] = [...document.errors, ...document.warnings];
  const problems = errors.map((error) => {
    const { line, col } = lines.linePos(error.pos[0]);
    return `line ${line}, column ${col} ${reason(error, text)}`;
  });
  return problems.length > 0 ? { problems } : toMap(document);
}

const reasons: Partial<Record<string, string>> = {
  MULTIPLE_DOCS: "begins a second document; keep one document in the file",
  TAB_AS_INDENT: "is indented by a tab; use blanks",
  TAG_RESOLVE_FAILED: "has a tag (!…), which means nothing here; write the plain value",
};

function reason({ code, pos }: YAMLError, text: string): string {
  const key = /^["']?([\w.-]+)/.exec(text.slice(pos[0]))?.[1] ?? "";
  if (code === "DUPLICATE_KEY") return `has the key "${key}" for the second time; keep one`;
  return reasons[code] ?? `is not well-formed YAML (${code}); check quotes and indentation`;
}

function toMap(document: Document): ReturnType<typeof readYaml> {
  // A key without a value is left out, as a variable that is set to nothing.
  visit(document, {
    Pair: (_, { value }) =>
      value === null || (isScalar(value) && value.value === "") ? visit.REMOVE : undefined,
  });
  try {
    const value: unknown = document.toJS() ?? {};
    if (isMap(value)) return { map: value };
    return { problems: ["must be a map, with keys such as settings, upstreams and registries"] };
  } catch {
    return {
      problems: ["has an alias (*name) without its anchor (&name), or far too many of them"],
    };
  }
}
