import { bytesText, countText } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Table } from "../../ui/table.tsx";
import {
  Annotations,
  Digest,
  layerColumns,
  platformColumns,
  referrerColumns,
} from "./manifest-columns.tsx";
import type { EntryDetail, Manifest } from "./queries.ts";

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
