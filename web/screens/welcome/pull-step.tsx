import { useState } from "react";
import { usePullHost } from "../../api/address.ts";
import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Segments } from "../../ui/segments.tsx";
import { Snippets } from "../registry/client-setup.tsx";
import { setups, shellWord } from "../registries/clients.ts";
import { exampleImage } from "../registries/presets.ts";
import { type Registry, useUpstreamsOf } from "../registries/queries.ts";
import { Watch } from "./watch.tsx";

interface PullStepProps {
  groupId: number;
  registry: Registry;
  token: string | undefined;
  onBack: () => void;
}

/** What needs no file to be written first. */
const offered = ["docker", "podman", "skopeo"];

/** The commands, and whether they have worked. */
export function PullStep({ groupId, registry, token, onBack }: PullStepProps) {
  const at = usePullHost();
  const username = useStore(me)?.user.username ?? "ci";
  const example = exampleImage(useUpstreamsOf(registry.id).data?.[0]?.url);
  const [typed, setTyped] = useState<string>();
  const [client, setClient] = useState("docker");
  const all = setups({
    at,
    registryId: registry.id,
    image: (typed ?? example).trim() || example,
    username,
    ...(token !== undefined && { token: shellWord(token) }),
  }).filter(({ id }) => offered.includes(id));
  const chosen = all.find(({ id }) => id === client);
  return (
    <Panel title="The first pull">
      <Segments
        label="Client"
        choices={all.map(({ id, name }) => ({ id, label: name }))}
        value={client}
        onChange={setClient}
      />
      <div className="choose">
        <TextField
          label="Image"
          description="As its upstream calls it."
          value={typed ?? example}
          onChange={setTyped}
          autoComplete="off"
        />
      </div>
      {chosen && <Snippets setup={chosen} />}
      {token === undefined && (
        <p className="muted small">$TOKEN is an access token that you have.</p>
      )}
      <Watch groupId={groupId} registryId={registry.id} />
      <div className="row">
        <Button variant="quiet" onPress={onBack}>
          Back
        </Button>
      </div>
    </Panel>
  );
}
