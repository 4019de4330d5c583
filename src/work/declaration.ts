import type { z } from "zod";
import { assemble } from "./assembling.ts";
import type { Declaration } from "./contract.ts";
import { fileSchema } from "./declared.ts";
import { checkReferences, type FileProblem, pathText } from "./references.ts";
import { readSecret, secretPlaces, sharedTokens } from "./secrets.ts";
import type { Environment } from "./settings.ts";
import type { ReadFile } from "./text.ts";

/**
 * The declared part of a configuration file, whose scalars are all texts. Secrets come from the file, the
 * environment and other files; with `need` being `optional`, one whose variable or file is not there is left out, and
 * `absent` says why. Empty where there are problems.
 */
export function readDeclaration(
  raw: Record<string, unknown>,
  env: Environment,
  readFile: ReadFile,
  need: "needed" | "optional" = "needed",
): { declared: Declaration; problems: FileProblem[]; absent: FileProblem[] } {
  const secrets = new Map<string, string>();
  const absent: FileProblem[] = [];
  const parsed = fileSchema.safeParse(raw);
  const problems = [
    ...(parsed.error?.issues ?? []).flatMap(problemsOf),
    ...checkReferences(raw),
    ...secretPlaces(raw).flatMap((place) => {
      const result = readSecret(place, env, readFile);
      if (typeof result === "string") secrets.set(`${pathText(place.path)}.${place.key}`, result);
      if (typeof result !== "object") return [];
      if (need === "needed" || place.key === "ca" || !result.isAbsent) return [result];
      absent.push(result);
      return [];
    }),
  ];
  problems.push(...sharedTokens(secrets));
  const file = parsed.success && problems.length === 0 ? parsed.data : fileSchema.parse({});
  return { declared: assemble(file, secrets), problems, absent };
}

export function problemsOf(issue: z.core.$ZodIssue): FileProblem[] {
  const { path, message } = issue;
  if (issue.code !== "unrecognized_keys") return [{ path, message }];
  const messages = message.split("\n");
  return issue.keys.map((key, index) => ({ path: [...path, key], message: messages[index] ?? "" }));
}
