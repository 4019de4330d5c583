import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import { takesMaintainer, useMayChange } from "../../api/rights.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/choices.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { ConnectionTest } from "../registries/connection-test.tsx";
import { CreateUpstream } from "../registries/create-upstream.tsx";
import { type PlacedUpstream, type Registry, useUpstreamsOf } from "../registries/queries.ts";
import { CreateRegistry } from "../registries/registry-form.tsx";

interface UpstreamStepProps {
  groupId: number;
  registries: readonly Registry[];
  /** Undefined: the group has none. */
  registry: Registry | undefined;
  onChoose: (id: number) => void;
  onNext: () => void;
}

/** A registry, and an upstream behind it that answers. */
export function UpstreamStep(props: UpstreamStepProps) {
  const { groupId, registries, registry, onChoose } = props;
  const mayChange = useMayChange(groupId);
  if (!registry) {
    return (
      <Panel title="A registry first">
        <p className="muted">One address for clients, whatever is behind it.</p>
        {mayChange ? (
          <CreateRegistry groupId={groupId} onCreated={({ id }) => onChoose(id)} />
        ) : (
          <EmptyState title="The group has no registry yet">{takesMaintainer}</EmptyState>
        )}
      </Panel>
    );
  }
  return (
    <Panel title="Where images come from">
      {registries.length > 1 && (
        <div className="choose">
          <Select
            label="Registry"
            choices={registries.map(({ id, name }) => ({ id: String(id), label: name }))}
            value={String(registry.id)}
            onChange={(id) => onChoose(Number(id))}
          />
        </div>
      )}
      <Upstreams key={registry.id} {...props} registry={registry} mayChange={mayChange} />
    </Panel>
  );
}

function Upstreams({
  groupId,
  registry,
  mayChange,
  onNext,
}: UpstreamStepProps & { registry: Registry; mayChange: boolean }) {
  const upstreams = useUpstreamsOf(registry.id);
  const [isAdding, setAdding] = useState(false);
  return (
    <Loaded query={upstreams} height="14rem">
      {(all) => (
        <>
          {all.length > 0 && (
            <p>
              The registry <bdi>{registry.name}</bdi> asks these upstreams, in this order:
            </p>
          )}
          {all.length > 1 && (
            <p className="small muted">
              {registry.on_unsure === "stop" && "One that cannot be asked ends the pull. "}
              {mayChange && (
                <Link to={`/registries/${registry.id}`}>Change the order, or take one out</Link>
              )}
            </p>
          )}
          {all.map((upstream) => (
            <OneUpstream key={upstream.id} upstream={upstream} mayChange={mayChange} />
          ))}
          {mayChange && (isAdding || all.length === 0) && (
            <CreateUpstream
              groupId={groupId}
              registryId={registry.id}
              onCreated={() => setAdding(false)}
              beside={all.length > 0 && <Button onPress={() => setAdding(false)}>Cancel</Button>}
            />
          )}
          {!mayChange && all.length === 0 && (
            <EmptyState title="It has no upstream yet">{takesMaintainer}</EmptyState>
          )}
          {all.length > 0 && !isAdding && (
            <div className="row">
              <Button variant="primary" onPress={onNext}>
                Next: a token
              </Button>
              {mayChange && (
                <Button icon="plus" onPress={() => setAdding(true)}>
                  Add another upstream
                </Button>
              )}
            </div>
          )}
        </>
      )}
    </Loaded>
  );
}

function OneUpstream({
  upstream: { id, name, url },
  mayChange,
}: {
  upstream: PlacedUpstream;
  mayChange: boolean;
}) {
  return (
    <div className="stack">
      <div>
        <strong>
          <bdi>{name}</bdi>
        </strong>
        <p className="small muted">
          <bdi>{url}</bdi>
        </p>
      </div>
      {mayChange && (
        <ConnectionTest
          label={`Test ${name}`}
          run={() =>
            ask(
              api.POST("/api/v4/virtual_registries/container/upstreams/{id}/test", {
                params: { path: { id } },
                body: {},
              }),
            )
          }
        />
      )}
    </div>
  );
}
