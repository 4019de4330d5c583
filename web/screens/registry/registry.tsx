import { useParams } from "wouter";
import { pullAddress, usePullHost } from "../../api/address.ts";
import { api, ask } from "../../api/client.ts";
import { useGroupOf } from "../../api/group.ts";
import { takesMaintainer, useMayChange } from "../../api/rights.ts";
import { NotFound } from "../../shell/not-found.tsx";
import { Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import type { Tagged } from "../../ui/edited.tsx";
import { Copyable, Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { Purge } from "../registries/purge.tsx";
import { type RegistryDetail, useRegistry, useUpstreamsOf } from "../registries/queries.ts";
import { askChoices, EditRegistry, unsureChoices } from "../registries/registry-form.tsx";
import { typedName } from "../registries/typed.ts";
import { ClientSetup } from "./client-setup.tsx";
import { DeleteRegistry } from "./delete-registry.tsx";
import { UpstreamOrder } from "./upstream-order.tsx";

const crumbs = [{ title: "Registries", to: "/registries" }];

/** One registry: where clients find it, and what is behind it. */
export default function RegistryScreen() {
  const { id: text } = useParams<{ id: string }>();
  const id = Number(text);
  if (!/^\d{1,15}$/.test(text)) return <NotFound />;
  return <Known key={id} id={id} />;
}

function Known({ id }: { id: number }) {
  const registry = useRegistry(id);
  const { data } = registry;
  useGroupOf(data?.data.group_id);
  const mayChange = useMayChange(data?.data.group_id);
  return (
    <Page
      title={data?.data.name ?? `Registry ${id}`}
      crumbs={crumbs}
      description={data && !mayChange ? takesMaintainer : <Described registry={data?.data} />}
      actions={
        data &&
        mayChange && (
          <>
            <Edit newest={data} />
            <DeleteRegistry newest={data} />
          </>
        )
      }
    >
      <Loaded query={registry} height="40rem">
        {({ data }) => <Parts registry={data} mayChange={mayChange} />}
      </Loaded>
    </Page>
  );
}

const Described = ({ registry }: { registry: RegistryDetail | undefined }) => (
  <bdi>{registry?.description ?? ""}</bdi>
);

function Edit({ newest }: { newest: Tagged<RegistryDetail> }) {
  return (
    <Dialog
      title="Settings of the registry"
      isDismissable={false}
      trigger={<Button icon="edit">Settings</Button>}
    >
      {(close) => (
        <EditRegistry
          newest={newest}
          beside={<Button onPress={close}>Cancel</Button>}
          onSaved={close}
        />
      )}
    </Dialog>
  );
}

function Parts({ registry, mayChange }: { registry: RegistryDetail; mayChange: boolean }) {
  const { id, name, on_unsure: onUnsure, ask: how } = registry;
  const upstreams = useUpstreamsOf(id);
  return (
    <>
      <Panel title="Pull address">
        <Copyable text={pullAddress(usePullHost(), id)} />
        <p className="muted small">
          An image&apos;s name begins with it, and goes on as the image is called at the upstream.
        </p>
      </Panel>
      <UpstreamOrder registry={registry} mayChange={mayChange} />
      <Panel title="Set up a client">
        <ClientSetup registryId={id} firstUrl={upstreams.data?.[0]?.url} />
      </Panel>
      <Panel title="How it pulls">
        <dl className="facts">
          <dt>Upstreams are asked</dt>
          <dd>{labelOf(askChoices, how)}</dd>
          <dt>Without a definite answer</dt>
          <dd>{labelOf(unsureChoices, onUnsure)}</dd>
        </dl>
      </Panel>
      {mayChange && (
        <Panel title="Purge what is cached">
          <p className="muted">
            Of the upstreams that are in this registry alone. Others are emptied at their own page.
          </p>
          <Purge
            name={name}
            typed={typedName(name, id)}
            preview={(query) =>
              ask(
                api.GET("/api/v4/virtual_registries/container/registries/{id}/cache", {
                  params: { path: { id }, query },
                }),
              )
            }
            purge={(query) =>
              ask(
                api.DELETE("/api/v4/virtual_registries/container/registries/{id}/cache", {
                  params: { path: { id }, query },
                }),
              )
            }
          />
        </Panel>
      )}
    </>
  );
}

function labelOf(
  choices: readonly { id: string; label: string; description: string }[],
  id: string,
): string {
  const choice = choices.find((each) => each.id === id);
  return choice ? `${choice.label}. ${choice.description}` : id;
}
