import { Bytes } from "../../ui/format.tsx";
import { Link } from "../../ui/link.tsx";
import { Badge } from "../../ui/pieces.tsx";
import type { Column } from "../../ui/table.tsx";
import { entryPath } from "./addresses.ts";
import { referrerWords, shortReference, typeWords } from "./parts.ts";
import type { Manifest } from "./queries.ts";

type Layer = Manifest["layers"][number];
type Platform = Manifest["platforms"][number];
type Referrer = Manifest["referrers"][number];

/** Leads to its entry where there is one. */
export function Digest({
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
    name: "State",
    cell: ({ cached }) => <CachedBadge is={cached} />,
    sortBy: ({ cached }) => Number(cached),
  },
];

export const platformColumns = (upstreamId: number): readonly Column<Platform>[] => [
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

export const layerColumns = (upstreamId: number): readonly Column<Layer & { place: number }>[] => [
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

export const referrerColumns = (upstreamId: number): readonly Column<Referrer>[] => [
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
export function Annotations({ annotations }: { annotations: Readonly<Record<string, string>> }) {
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
