import type { Registry } from "../metadata/contract.ts";
import { algorithmOf, type Digest, digestOf, parseDigest } from "../oci/digest.ts";
import { ListError, parseReferrers, type Referrer } from "../oci/list.ts";
import { essence, mediaTypes } from "../oci/manifest.ts";
import { referrersTag } from "../oci/reference.ts";
import { type Candidate, candidatesOf, type Said } from "./choose.ts";
import type { ListOptions, PulledReferrers, ReferrersPage } from "./contract.ts";
import { invalidManifest } from "./errors.ts";
import { explanationOf, gather, type Gathered, takeIn } from "./gather.ts";
import { knownEntries } from "./names.ts";
import type { PullerOptions } from "./puller.ts";
import { denyingRule } from "./rules.ts";
import { UpstreamLists } from "./upstream-lists.ts";
import {
  type HeldList,
  type ListForm,
  type ListPart,
  type ListWalk,
  type WantedList,
} from "./list-form.ts";
import { referrerValidityMs } from "./validity.ts";

/** Clients need not take larger manifests (distribution-spec, "Pushing Manifests"); some bytes are left for the frame. */
const maxPageBytes = (4 << 20) - 1024;

type Part = ListPart<Referrer>;

interface AskedReferrers {
  registry: Registry;
  repository: string;
  subject: Digest;
  options: ListOptions & { walk: ListWalk };
}

/** What refers to a digest: signatures, attestations, SBOMs. */
export class Referrers {
  readonly #options: PullerOptions;
  readonly #lists: UpstreamLists<Referrer>;

  constructor(options: PullerOptions) {
    this.#options = options;
    this.#lists = new UpstreamLists(options, referrersForm(options));
  }

  async list(
    registry: Registry,
    repository: string,
    subject: Digest,
    page: ReferrersPage,
    { marks, waits }: ListOptions,
  ): Promise<PulledReferrers> {
    const gathered = await this.#lists.walk(async (walk) => {
      const options = { marks, waits, walk };
      const gathered = await this.#gather({ registry, repository, subject, options });
      await takeIn(gathered);
      return gathered;
    });
    const explanation = explanationOf(gathered, this.#options.clock.now());
    return { ...pageOf(gathered.found, page), explanation };
  }

  /**
   * Those come first whose manifest the subject is, and what they have is the answer. Where they have nothing, or nobody
   * is known to have the subject, the others count too: a mirror may not have taken the signatures along.
   */
  async #gather(asked: AskedReferrers): Promise<Gathered<Part>> {
    const { registry, repository, subject } = asked;
    const { cache, lists } = this.#options;
    const key = { kind: "referrers", subject } as const;
    const entries = await knownEntries(registry, repository, (ids, name) =>
      cache.entries(ids, name, "manifest", subject),
    );
    const held = await knownEntries(registry, repository, (ids, name) =>
      lists.find(ids, name, key),
    );
    const holders = entries.map(({ upstream }) => upstream);
    const first = new Set([...holders, ...held.map(({ upstream }) => upstream)]);
    const { asked: all } = candidatesOf(registry, repository, undefined, [...first]);
    const isHolder = ({ upstream }: Candidate) => holders.includes(upstream);

    const own = await gather(registry, all.filter(isHolder), (one) => this.#ask(one, asked, held));
    if (own.stopped || own.found.some(({ value }) => value.items.length > 0)) return own;
    const others = all.filter((candidate) => !isHolder(candidate));
    const rest = await gather(registry, others, async (one) => {
      const said = await this.#ask(one, asked, held);
      return said.says === "found" && said.value.items.length === 0 ? { says: "absent" } : said;
    });
    return {
      found: [...own.found, ...rest.found],
      absent: [...own.absent, ...rest.absent],
      unsure: [...own.unsure, ...rest.unsure],
      stopped: rest.stopped,
    };
  }

  #ask(
    candidate: Candidate,
    { subject, options }: AskedReferrers,
    held: readonly HeldList[],
  ): Promise<Said<Part>> {
    const own = held.find(({ upstream }) => upstream === candidate.upstream);
    const wanted: WantedList = { ...candidate, key: { kind: "referrers", subject }, ...options };
    return this.#lists.part(wanted, own, held.length > 0);
  }
}

function referrersForm(options: PullerOptions): ListForm<Referrer> {
  return {
    validityMs: referrerValidityMs,
    ask: (wanted) => askReferrers(options, wanted),
    encode: (referrers) => JSON.stringify(referrers),
    decode: decodeReferrers,
    names: (referrers) => referrers.map((one) => ({ kind: "manifest", ...one })),
  };
}

/** A list as it is cached. */
export const decodeReferrers = (content: string) => JSON.parse(content) as Referrer[];

/** By the referrers API, else by the tag that stands in for it. What has neither has nothing. */
async function askReferrers(
  { client }: PullerOptions,
  { upstream, repository, key, marks }: WantedList,
): Promise<Referrer[]> {
  if (key.kind !== "referrers") throw new Error("this is not a list of referrers");
  const listed = await client.referrers(upstream, repository, key.subject, marks);
  if (listed.found) return listed.referrers;
  const reference = { kind: "tag", tag: referrersTag(key.subject) } as const;
  if (denyingRule(upstream, repository, reference.tag)) return [];
  const fetched = await client.manifest(upstream, repository, reference, marks);
  if (!fetched.found || essence(fetched.contentType ?? null) !== mediaTypes.ociIndex) return [];
  const claimed = parseDigest(fetched.claimedDigest ?? "");
  if (claimed && digestOf(fetched.payload, algorithmOf(claimed)) !== claimed) {
    const why = "its bytes do not have the digest that the header claims";
    throw invalidManifest(upstream.name, why);
  }
  try {
    return parseReferrers(fetched.payload);
  } catch (error) {
    if (error instanceof ListError) throw invalidManifest(upstream.name, error.message, error);
    throw error;
  }
}

/** Those of a type, each once, in order of digest, from behind `last` on, as many as clients take in one document. */
function pageOf(
  found: readonly { value: Part }[],
  { artifactType, last }: ReferrersPage,
): { referrers: Referrer[]; more: boolean } {
  const all = new Map<Digest, Referrer>();
  for (const { value } of found) {
    for (const one of value.items) if (!all.has(one.digest)) all.set(one.digest, one);
  }
  const wanted = [...all.values()]
    .filter((one) => artifactType === undefined || one.artifactType === artifactType)
    .filter(({ digest }) => last === undefined || digest > last)
    .sort((a, b) => (a.digest < b.digest ? -1 : 1));
  const referrers: Referrer[] = [];
  let bytes = 0;
  for (const one of wanted) {
    bytes += Buffer.byteLength(JSON.stringify(one)) + 1;
    // A page has at least one, or nobody would get any further.
    if (bytes > maxPageBytes && referrers.length > 0) return { referrers, more: true };
    referrers.push(one);
  }
  return { referrers, more: false };
}
