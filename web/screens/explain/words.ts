import type { components } from "../../api/schema.ts";
import { statusWords } from "../../ui/cache-status.tsx";
import type { Tone } from "../../ui/pieces.tsx";

export type Plan = components["schemas"]["PullPlan"];
export type Planned = Plan["upstreams"][number];

const refusals: Readonly<Record<string, string>> = {
  "absent everywhere": "refused: no upstream that is asked has it",
  "denied by rule": "refused: rules keep every upstream from being asked for it",
  "no upstreams": "refused: the registry has no upstream",
};

/** What a pull would come to, in a sentence. */
export function decisionText({ status, reason }: Plan["decision"]): string {
  if (status !== "refused") return `A pull now is answered ${statusWords(status).sentence}.`;
  const words =
    refusals[reason ?? ""] ?? "refused: an upstream that comes first gave no definite answer";
  return `A pull now is ${words}.`;
}

/** The reason beside it; undefined where the sentence says it, or there is none. */
export const reasonText = ({ reason }: Plan["decision"]): string | undefined =>
  reason === null || refusals[reason] !== undefined ? undefined : reason;

const reasons: Readonly<Record<string, string>> = {
  unreachable: "It could not be reached.",
  timeout: "It did not answer in time.",
  denied: "It wants other credentials.",
  rate_limited: "It has had too many requests.",
  broken: "It failed by itself.",
  invalid: "What it answered is no answer of a registry.",
  blocked: "Its address is not one that this server may reach.",
};

export interface Said {
  tone: Tone;
  word: string;
  sentence: string;
}

/** What an upstream has to do with it. */
export function saidOf(planned: Planned, decision: Plan["decision"]): Said {
  const { denied_by: rule, says, cached, upstream } = planned;
  if (rule !== null) {
    const sentence = `A rule keeps it from being asked: ${ruleText(rule)}`;
    return { tone: "neutral", word: "Kept out", sentence };
  }
  if (says === "found") return { tone: "good", word: "Has it", sentence: "It has said so now." };
  if (says === "absent") {
    return { tone: "neutral", word: "Has it not", sentence: "It says so, or has said so of late." };
  }
  if (says !== null) {
    const sentence = reasons[says] ?? `It gave no definite answer: ${says}.`;
    return { tone: "bad", word: "No answer", sentence };
  }
  const isChosen = decision.upstream === upstream;
  if (isChosen && cached !== null) {
    return { tone: "good", word: "Cached", sentence: "What is cached of it counts." };
  }
  return { tone: "neutral", word: "Not asked", sentence: "It is decided without it." };
}

export function ruleText({ effect, target, pattern }: NonNullable<Planned["denied_by"]>): string {
  return effect === "deny"
    ? `${target} ${pattern} is denied.`
    : `only ${target} ${pattern} is allowed.`;
}
