const columns = "upstream_id, repository, entries, tags, digests, size, last_downloaded_at";
const seen = (row: string) => `${row}.proof = 'shown' and ${row}.status = 'default'`;
/** 1 or 0. */
const isTag = (row: string) => `(${row}.reference <> ${row}.digest)`;
const isDigest = (row: string) => `(${row}.kind = 'manifest' and ${row}.reference = ${row}.digest)`;

/** Conditions stand in the trigger, or behind a select: an insert of values has none. */
const added = (condition: string) => `  insert into repository_counts (${columns})
  select new.upstream_id, new.repository, 1, ${isTag("new")}, ${isDigest("new")}, new.size, new.downloaded_at where ${condition}
  on conflict (upstream_id, repository) do update
  set entries = entries + 1, tags = tags + excluded.tags, digests = digests + excluded.digests,
    size = size + excluded.size, last_downloaded_at = max(last_downloaded_at, excluded.last_downloaded_at);`;

const place = "upstream_id = old.upstream_id and repository = old.repository";
const removed = `  update repository_counts
  set entries = entries - 1, tags = tags - ${isTag("old")}, digests = digests - ${isDigest("old")}, size = size - old.size
  where ${place} and ${seen("old")};
  delete from repository_counts where ${place} and entries = 0;`;

/** `SqlWords.repositoryCounts`. */
export const repositoryCounts: string[] = [
  `create trigger cache_entries_repository_insert after insert on cache_entries
when ${seen("new")}
begin
${added("true")}
end`,
  `create trigger cache_entries_repository_update after update of proof, status, size on cache_entries
when old.proof is not new.proof or old.status is not new.status or old.size is not new.size
begin
${added(seen("new"))}
${removed}
end`,
  `create trigger cache_entries_repository_delete after delete on cache_entries
when ${seen("old")}
begin
${removed}
end`,
];
