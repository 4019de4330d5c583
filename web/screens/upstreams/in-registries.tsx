import { Link } from "../../ui/link.tsx";
import { Badge } from "../../ui/pieces.tsx";
import { useRegistries, useUpstream } from "../registries/queries.ts";

/** Where an upstream is asked, and as the how-manieth. */
export function InRegistries({ id, groupId }: { id: number; groupId: number }) {
  const places = useUpstream(id).data?.data.registry_upstreams;
  const registries = useRegistries(groupId).data;
  if (!places || !registries) return <span className="muted">…</span>;
  if (places.length === 0) return <Badge tone="warn">In none: never asked</Badge>;
  const names = new Map(registries.map(({ id, name }) => [id, name]));
  return (
    <ul className="inline-list">
      {places.map(({ registry_id: registry, position }) => (
        <li key={registry}>
          <Link to={`/registries/${registry}`}>
            <bdi>{names.get(registry) ?? `Registry ${registry}`}</bdi>
          </Link>{" "}
          <span className="muted small">as number {position}</span>
        </li>
      ))}
    </ul>
  );
}
