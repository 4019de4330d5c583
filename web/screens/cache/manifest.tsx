import { Bytes, bytesText, countText } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { entryPath } from "./addresses.ts";
import { referrerWords, shortReference, typeWords } from "./parts.ts";
import type { EntryDetail, Manifest } from "./queries.ts";

type Layer = Manifest["layers"][number];
type Platform = Manifest["platforms"][number];
type Referrer = Manifest["referrers"][number];

/** What a manifest leads to: platforms or layers, who refers to it, and what is written on it. */
export function ManifestPanels({ entry, manifest }: { entry: EntryDetail; manifest: Manifest }) {
  const { upstream_id: upstreamId } = entry;
  const { platforms, layers, config, subject, referrers, annotations } = manifest;
  const parts = config ? [config, ...layers] : layers;
  return (
    <>
      {manifest.truncated && (
        <p className="note">There is more in this manifest than is listed here.</p>
      )}
      {platforms.length > 0 && (
        <Panel title="Platforms" actions={<Cached of={platforms} />}>
          <Table
            label="Platforms"
            columns={platformColumns(upstreamId)}
            rows={platforms}
            rowKey={({ digest, platform }) => `${platform} ${digest}`}
          />
        </Panel>
      )}
      {parts.length > 0 && (
        <Panel title="Layers" actions={<Cached of={parts} />}>
          <Table
            label="Layers"
            columns={layerColumns(upstreamId)}
            rows={parts.map((layer, index) => ({ ...layer, place: config ? index : index + 1 }))}
            rowKey={({ place }) => place}
          />
        </Panel>
      )}
      <Related upstreamId={upstreamId} entry={entry} manifest={manifest} />
      <Panel title="Signatures, SBOMs and other referrers">
        <Table
          label="Referrers"
          columns={referrerColumns(upstreamId)}
          rows={referrers}
          rowKey={({ digest, tag }) => `${tag} ${digest}`}
          empty="None is known here. What clients pull of them is listed; the upstream is not asked."
        />
      </Panel>
      {subject && (
        <Panel title="Refers to">
          <Digest upstreamId={upstreamId} of={subject} />
        </Panel>
      )}
      {Object.keys(annotations).length > 0 && (
        <Panel title="Annotations">
          <Annotations annotations={annotations} />
        </Panel>
      )}
    </>
  );
}

/** How much of it is here. */
function Cached({ of }: { of: readonly { size: number; cached: boolean }[] }) {
  const here = of.filter(({ cached }) => cached);
  const size = of.reduce((sum, each) => sum + each.size, 0);
  return (
    <span className="muted numbers">
      {bytesText(size)}, {countText(here.length)} of {countText(of.length)} cached
    </span>
  );
}

function Related({
  upstreamId,
  entry: { repository, reference },
  manifest: { tags },
}: {
  upstreamId: number;
  entry: EntryDetail;
  manifest: Manifest;
}) {
  const others = tags.filter((tag) => tag !== reference);
  if (others.length === 0) return null;
  const search = (tag: string) =>
    `/cache/${upstreamId}/repository?${new URLSearchParams({ name: repository, search: tag })}`;
  return (
    <Panel title="Other tags for the same">
      <ul className="inline-list">
        {others.map((tag) => (
          <li key={tag}>
            <Link to={search(tag)}>
              <bdi>{tag}</bdi>
            </Link>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

/** Leads to its entry where there is one. */
function Digest({
  upstreamId,
  of: { digest, entry_id: id },
}: {
  upstreamId: number;
  of: { digest: string; entry_id: string | null };
}) {
  const text = <code title={digest}>{shortReference(digest)}</code>;
  return id === null ? text : <Link to={entryPath(upstreamId, id)}>{text}</Link>;
}

const CachedBadge = ({ is }: { is: boolean }) => (
  <Badge tone={is ? "good" : "neutral"}>{is ? "Cached" : "Not cached"}</Badge>
);

const sized = <T extends { size: number; cached: boolean }>(): readonly Column<T>[] => [
  {
    id: "size",
    name: "Size",
    isNumber: true,
    cell: ({ size }) => <Bytes value={size} />,
    sortBy: ({ size }) => size,
  },
  {
    id: "cached",
    name: "Here",
    cell: ({ cached }) => <CachedBadge is={cached} />,
    sortBy: ({ cached }) => Number(cached),
  },
];

const platformColumns = (upstreamId: number): readonly Column<Platform>[] => [
  {
    id: "platform",
    name: "Platform",
    isName: true,
    cell: ({ platform, annotations }) => (
      <bdi>{platform ?? annotations["vnd.docker.reference.type"] ?? "none told"}</bdi>
    ),
    sortBy: ({ platform }) => platform ?? "",
  },
  {
    id: "digest",
    name: "Digest",
    cell: (platform) => <Digest upstreamId={upstreamId} of={platform} />,
  },
  ...sized<Platform>(),
];

const layerColumns = (upstreamId: number): readonly Column<Layer & { place: number }>[] => [
  {
    id: "place",
    name: "Layer",
    isName: true,
    cell: ({ place, media_type: type }) => (
      <span>
        {place === 0 ? "Configuration" : `Layer ${place}`}
        {place > 0 && typeWords(type) !== "Layer" && (
          <bdi className="description check-text">{typeWords(type)}</bdi>
        )}
      </span>
    ),
    sortBy: ({ place }) => place,
  },
  {
    id: "digest",
    name: "Digest",
    cell: (layer) => <Digest upstreamId={upstreamId} of={layer} />,
  },
  ...sized<Layer & { place: number }>(),
];

const referrerColumns = (upstreamId: number): readonly Column<Referrer>[] => [
  {
    id: "type",
    name: "What",
    isName: true,
    cell: ({ artifact_type: type, tag, annotations }) => (
      <div>
        <bdi>{referrerWords(type, tag)}</bdi>
        {type !== null && <bdi className="description check-text">{type}</bdi>}
        {Object.keys(annotations).length > 0 && (
          <details>
            <summary className="small">Annotations</summary>
            <Annotations annotations={annotations} />
          </details>
        )}
      </div>
    ),
  },
  {
    id: "digest",
    name: "Digest",
    cell: (referrer) => <Digest upstreamId={upstreamId} of={referrer} />,
  },
  ...sized<Referrer>(),
];

/** Anybody's text: shown as it is, whatever is in it. */
function Annotations({ annotations }: { annotations: Readonly<Record<string, string>> }) {
  return (
    <dl className="facts annotations">
      {Object.entries(annotations).map(([name, text]) => (
        <div key={name} className="annotation">
          <dt>
            <bdi>{name}</bdi>
          </dt>
          <dd>
            <bdi>{text}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}
