import { useParams } from "wouter";
import { useGroupOf } from "../../api/group.ts";
import { explainPath, imageText } from "../../api/paths.ts";
import { useMayChange } from "../../api/rights.ts";
import { NotFound } from "../../shell/not-found.tsx";
import { Page } from "../../shell/page.tsx";
import { Bytes, countText, RelativeTime } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Badge, Copyable, Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { type UpstreamDetail, useUpstream } from "../registries/queries.ts";
import { repositoryPath, upstreamPath } from "./addresses.ts";
import { EntryActions } from "./entry-actions.tsx";
import { ManifestPanels } from "./manifest.tsx";
import { imageName, shortReference, typeWords } from "./parts.ts";
import { type EntryDetail, useEntry } from "./queries.ts";
import { TakeAlong } from "./take-along.tsx";

/** One entry: what it is, what its manifest leads to, and what can be done with it. */
export default function EntryScreen() {
  const { id: text, entry } = useParams<{ id: string; entry: string }>();
  if (!/^\d{1,15}$/.test(text)) return <NotFound />;
  return <Known key={entry} upstreamId={Number(text)} id={decodeURIComponent(entry)} />;
}

function Known({ upstreamId, id }: { upstreamId: number; id: string }) {
  const entry = useEntry(id);
  const upstream = useUpstream(upstreamId).data?.data;
  const detail = entry.data?.data;
  useGroupOf(detail?.group_id);
  const mayChange = useMayChange(detail?.group_id);
  const above = detail
    ? [{ title: detail.repository, to: repositoryPath(upstreamId, detail.repository) }]
    : [];
  return (
    <Page
      title={detail ? titleOf(detail) : "Entry"}
      crumbs={[
        { title: "Cache", to: "/cache" },
        { title: upstream?.name ?? `Upstream ${upstreamId}`, to: upstreamPath(upstreamId) },
        ...above,
      ]}
      description={detail && <Kind entry={detail} />}
      actions={
        detail && (
          <>
            {detail.kind !== "blob" && <Explain entry={detail} upstream={upstream} />}
            {entry.data && mayChange && <EntryActions entry={entry.data} upstream={upstream} />}
          </>
        )
      }
    >
      <Loaded query={entry} height="50rem">
        {({ data }) => (
          <>
            <Facts entry={data} />
            {data.manifest && <ManifestPanels entry={data} manifest={data.manifest} />}
            {data.kind !== "blob" && <TakeAlong entry={data} upstream={upstream} />}
          </>
        )}
      </Loaded>
    </Page>
  );
}

const titleOf = ({ repository, kind, reference }: EntryDetail): string =>
  imageName({ repository, kind, reference: shortReference(reference) });

/** What a pull of it would do: by a registry, as pulls go by one. */
function Explain({
  entry: { repository, reference },
  upstream,
}: {
  entry: EntryDetail;
  upstream: UpstreamDetail | undefined;
}) {
  const [place] = upstream?.registry_upstreams ?? [];
  if (!place) return null;
  return (
    <Link to={explainPath(place.registry_id, imageText(repository, reference))} className="button">
      Explain a pull
    </Link>
  );
}

function Kind({ entry: { kind, content_type: type, pinned } }: { entry: EntryDetail }) {
  return (
    <span className="row">
      {kind === "blob" ? "Blob" : typeWords(type)}
      {pinned && <Badge tone="accent">Pinned</Badge>}
    </span>
  );
}

function Facts({ entry }: { entry: EntryDetail }) {
  const { kind, digest, size, content_type: type, next_check_at: next } = entry;
  return (
    <Panel title="What is known of it">
      <Copyable text={digest} label="Copy digest" />
      <dl className="facts">
        <dt>Media type</dt>
        <dd>
          <code>{type}</code>
        </dd>
        <dt>{kind === "blob" ? "Size" : "Size of the manifest"}</dt>
        <dd>
          <Bytes value={size} />
        </dd>
        <dt>Last pull</dt>
        <dd>
          <RelativeTime time={entry.downloaded_at} />, {countText(entry.downloads_count)}{" "}
          {entry.downloads_count === 1 ? "pull" : "pulls"} in all
        </dd>
        <dt>Cached since</dt>
        <dd>
          <RelativeTime time={entry.created_at} />
        </dd>
        <dt>Last check</dt>
        <dd>
          <RelativeTime time={entry.upstream_checked_at} />
        </dd>
        <dt>Next check</dt>
        <dd>
          <NextCheck next={next} />
        </dd>
        <dt>Pinned</dt>
        <dd>
          {entry.pinned
            ? "Yes: no purge, policy or age takes it, nor what it leads to in its repository."
            : "No"}
        </dd>
      </dl>
    </Panel>
  );
}

/** A digest is what it is: nobody need be asked. */
function NextCheck({ next }: { next: string | null }) {
  if (next === null) return "None: what is had by its digest does not change";
  if (new Date(next).getTime() <= Date.now()) return "At the next pull: it is stale";
  return (
    <>
      At the first pull after that: <RelativeTime time={next} />
    </>
  );
}
