import { yieldTurn } from "../lib/clock.ts";
import { mergeAscending } from "../lib/merge.ts";
import type { Registry } from "../metadata/contract.ts";
import { RegistryError } from "../oci/error.ts";
import { type Candidate, type Candidates, candidatesOf, type Said } from "./choose.ts";
import type { ListOptions, PulledTags, TagsPage } from "./contract.ts";
import { explanationOf, gather, takeIn } from "./gather.ts";
import { knownEntries } from "./names.ts";
import type { PullerOptions } from "./puller.ts";
import { denyingRule } from "./rules.ts";
import { UpstreamLists } from "./upstream-lists.ts";
import { type ListForm, type ListPart, type ListWalk } from "./list-form.ts";
import { hourMs, validityMs } from "./validity.ts";

/** Of one answer; clients go on by its link. */
const maxPage = 10_000;
/** So many take a moment where there are rules to look at. */
const stepsPerTurn = 1000;

const key = { kind: "tags" } as const;

/** Lists of tags: those of all upstreams that have the repository, as far as the rules let them be pulled. */
export class Tags {
  readonly #options: PullerOptions;
  readonly #lists: UpstreamLists<string>;

  constructor(options: PullerOptions) {
    this.#options = options;
    this.#lists = new UpstreamLists(options, tagsForm(options));
  }

  list(
    registry: Registry,
    repository: string,
    page: TagsPage,
    options: ListOptions,
  ): Promise<PulledTags> {
    return this.#lists.walk((walk) => this.#list(registry, repository, page, { ...options, walk }));
  }

  async #list(
    registry: Registry,
    repository: string,
    page: TagsPage,
    options: ListOptions & { walk: ListWalk },
  ): Promise<PulledTags> {
    const held = await knownEntries(registry, repository, (ids, name) =>
      this.#options.lists.find(ids, name, key),
    );
    // As with a pull, those come first whose copy is here.
    const first = held.map(({ upstream }) => upstream);
    const candidates = candidatesOf(registry, repository, undefined, first);
    const gathered = await gather(registry, candidates.asked, async (candidate) => {
      const own = held.find(({ upstream }) => upstream === candidate.upstream);
      const said = await this.#lists.part({ ...candidate, key, ...options }, own, held.length > 0);
      return said.says === "found" ? said : this.#shown(candidate, said);
    });
    if (!(await takeIn(gathered))) throw unknownName(candidates);
    const explanation = explanationOf(gathered, this.#options.clock.now());
    return { ...(await merge(gathered.found, page)), explanation };
  }

  /** What is known of the repository's lists is given up. */
  async forget(registry: Registry, repository: string): Promise<void> {
    for (const candidate of candidatesOf(registry, repository, undefined, []).asked) {
      this.#lists.forget(candidate, key);
      await this.#options.lists.forget(candidate.upstream.id, candidate.repository);
    }
  }

  /** Where an upstream cannot list, or does not, the tags count by which its images are cached. */
  async #shown(
    { upstream, repository }: Candidate,
    said: Exclude<Said<ListPart<string>>, { says: "found" }>,
  ): Promise<Said<ListPart<string>>> {
    const { clock, lists } = this.#options;
    const now = clock.now();
    // As long as they could be pulled, were their upstream asked for them.
    const kept = Math.max(validityMs(upstream), upstream.staleIfAbsentHours * hourMs);
    const tags = await lists.shownTags(upstream.id, repository, Math.max(0, now - kept));
    if (!tags) return said;
    const why = said.says === "absent" ? "no list" : said.error.reason;
    const reason = `${why}; the tags that are cached`;
    const keep = async () => {};
    return {
      says: "found",
      value: { items: tags, status: "stale", checkedAt: now, reason, keep },
    };
  }
}

function tagsForm({ client }: PullerOptions): ListForm<string> {
  return {
    validityMs,
    async ask({ upstream, repository, marks }) {
      const listed = await client.tags(upstream, repository, marks);
      // The longest list takes a while to read, and again to sort.
      await yieldTurn();
      return listed.found ? listed.tags.sort() : undefined;
    },
    // A tag has no line break in it, and reading this takes a tenth of the time of JSON.
    encode: (tags) => tags.join("\n"),
    decode: (content) => content.split("\n"),
    names: () => [],
  };
}

async function merge(
  found: readonly (Candidate & { value: ListPart<string> })[],
  { n = maxPage, last }: TagsPage,
): Promise<{ tags: string[]; more: boolean }> {
  const limit = Math.min(n, maxPage);
  const lists = found.map(({ upstream, repository, value }) => ({
    texts: value.items,
    keeps: (tag: string) => !denyingRule(upstream, repository, tag),
  }));
  const tags: string[] = [];
  let steps = 0;
  for (const tag of limit === 0 ? [] : mergeAscending(lists, last)) {
    if (++steps % stepsPerTurn === 0) await yieldTurn();
    if (tag === undefined) continue;
    if (tags.length === limit) return { tags, more: true };
    tags.push(tag);
  }
  return { tags, more: false };
}

function unknownName({ asked, denied }: Candidates): RegistryError {
  const message =
    asked.length === 0
      ? "the rules of this registry's upstreams do not allow this name"
      : "no upstream of this registry has this repository";
  return new RegistryError("name_unknown", message, {
    detail: {
      asked: asked.map(({ upstream }) => upstream.name),
      ...(denied.length > 0 && { not_asked: denied.map(({ upstream }) => upstream.name) }),
    },
  });
}
