import { CodeBlock } from "../../ui/code.tsx";
import { Panel } from "../../ui/pieces.tsx";
import type { UpstreamDetail } from "../registries/queries.ts";
import { imageName } from "./parts.ts";
import type { EntryDetail } from "./queries.ts";

/** Archives are made and taken by the command line, which writes and reads files of any size. */
export function TakeAlong({
  entry,
  upstream,
}: {
  entry: EntryDetail;
  upstream: UpstreamDetail | undefined;
}) {
  const [place] = upstream?.registry_upstreams ?? [];
  if (!place) return null;
  const image = imageName(entry);
  const file = `${entry.repository.split("/").at(-1) ?? "image"}.tar`;
  return (
    <Panel title="Take it along">
      <p className="muted">
        As an archive, for a machine that has no way to the upstream. A Weir there takes it by{" "}
        <code>weir import</code>.
      </p>
      <CodeBlock
        title="On the command line"
        text={`weir export-images ${place.registry_id} ${image} --output ${file}`}
      />
    </Panel>
  );
}
