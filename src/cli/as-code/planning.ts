import type { Api } from "../client.ts";
import { exit, Failure } from "../command.ts";
import type { Present } from "./present.ts";
import type { Wanted } from "./wanted.ts";
import type { Shape } from "../shapes.ts";

/** One thing that is to be otherwise: to be there, to be gone, or to be changed. */
export interface Change {
  sign: "+" | "-" | "~";
  /** `upstream platform/github` */
  what: string;
  /** In what, a line each; never a secret. */
  details: string[];
}

/** Something to do; what was planned for is looked at again just before. */
export interface Step {
  /** What it brings about; undefined for one that only makes room for another. */
  change: Change | undefined;
  run(api: Api, ids: Ids): Promise<void>;
}

/** The ids of what is there or has been made meanwhile, by names. */
export interface Ids {
  /** By path, in lower case. */
  groups: Map<string, number>;
  /** By `group/name`, the group in lower case. */
  registries: Map<string, number>;
  upstreams: Map<string, number>;
  users: Map<string, number>;
}

export interface Plan {
  steps: Step[];
  ids: Ids;
}

/** What a plan is made for. */
export interface PlanOptions {
  /** Passwords that the file gives are set, which cannot be compared. */
  secrets: boolean;
  deleteMissing: boolean;
}

/** What is needed to plan one kind of thing. */
export interface Planning extends PlanOptions {
  wanted: Wanted;
  present: Present;
  ids: Ids;
  /** Adds what is wrong with the whole: then nothing is done. */
  refuse: (problem: string) => void;
}

export const keyOf = (group: string, name: string) => `${group.toLowerCase()}/${name}`;

/** The id of what a step before has made, or what was there. */
export function idIn(map: ReadonlyMap<string, number>, key: string): number {
  const id = map.get(key);
  if (id === undefined) throw new Error(`a step before should have made ${key}`);
  return id;
}

/**
 * The version to change this under, once it is seen to be as it was planned for: the same in `of`. Throws a `Failure`
 * where somebody else was there meanwhile.
 */
export async function unchanged<T>(
  api: Api,
  shape: Shape<T>,
  path: string,
  what: string,
  isSame: (now: T) => boolean,
): Promise<string | undefined> {
  const { body, version } = await api.read(shape, path);
  if (isSame(body)) return version;
  throw meanwhile(what);
}

export const meanwhile = (what: string) =>
  new Failure(
    `${what} was changed by somebody else meanwhile, and was not overwritten; run apply again`,
    exit.conflict,
  );

/** The fields in which a thing is not as it is wanted. */
export function differing<T extends object>(wanted: T, present: T): (keyof T & string)[] {
  const fields = Object.keys(wanted) as (keyof T & string)[];
  return fields.filter((field) => JSON.stringify(wanted[field]) !== JSON.stringify(present[field]));
}

/** How a field is told of: `cache_validity_hours: 24 → 1`. */
export function told(field: string, before: unknown, after: unknown): string {
  return `${field}: ${short(before)} → ${short(after)}`;
}

export const toldNew = (field: string, value: unknown) => `${field}: ${short(value)}`;

const longest = 60;

function short(value: unknown): string {
  if (value === null || value === undefined) return "none";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > longest ? `${text.slice(0, longest)}…` : text;
}

/** Refuses what needs a secret that could not be read: which it is, and why it is needed. */
export function refuseWithout(
  { wanted, refuse }: Planning,
  { owner, key, why }: { owner: string; key: "password" | "secret"; why: string },
): void {
  const told = wanted.absent.get(owner) ?? `${owner}.${key}: is not given`;
  refuse(`${told}; it is needed here: ${why}`);
}
