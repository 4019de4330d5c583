import { z } from "zod";
import { matching, nearest } from "./text.ts";

/** The group that is always there, and that things belong to when nothing else is said. */
export const defaultGroup = "default";

/** A map with these keys and no others; of unknown keys the message says one line each. */
export function map<S extends z.ZodRawShape>(shape: S) {
  const keys = Object.keys(shape);
  const unknown = (key: string) => {
    const meant = nearest(key, keys);
    return `is not known; ${meant ? `did you mean ${meant}?` : `there are ${keys.join(", ")}`}`;
  };
  return z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys"
        ? issue.keys.map(unknown).join("\n")
        : `must be a map with ${keys.join(", ")}`,
  });
}

export const list = <T extends z.ZodType>(item: T) => z.array(item, "must be a list");

export const file = matching(/^\P{C}+$/u, "must be the path of a file");

/** Judged together with what is given as `…_file` and `…_env`, when it is known. */
export const secret = z.string("must be a text");
