import { useParams } from "wouter";
import { api, ask } from "../../api/client.ts";
import { useGroupOf } from "../../api/group.ts";
import { takesMaintainer, useMayChange } from "../../api/rights.ts";
import { NotFound } from "../../shell/not-found.tsx";
import { Page } from "../../shell/page.tsx";
import type { Tagged } from "../../ui/edited.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { Purge } from "../registries/purge.tsx";
import { useUpstream, type UpstreamDetail } from "../registries/queries.ts";
import { typedName } from "../registries/typed.ts";
import { DeleteUpstream } from "./delete-upstream.tsx";
import { HealthPanel } from "./health-panel.tsx";
import { Login } from "./login.tsx";
import { Rules } from "./rules.tsx";
import { SettingsForm, SettingsList } from "./settings-form.tsx";

const crumbs = [{ title: "Upstreams", to: "/upstreams" }];

/** One upstream: how it does, and everything that can be said of it. */
export default function UpstreamScreen() {
  const { id: text } = useParams<{ id: string }>();
  if (!/^\d{1,15}$/.test(text)) return <NotFound />;
  return <Known key={text} id={Number(text)} />;
}

function Known({ id }: { id: number }) {
  const upstream = useUpstream(id);
  const { data } = upstream;
  useGroupOf(data?.data.group_id);
  const mayChange = useMayChange(data?.data.group_id);
  return (
    <Page
      title={data?.data.name ?? `Upstream ${id}`}
      crumbs={crumbs}
      description={data && !mayChange ? takesMaintainer : <bdi>{data?.data.description ?? ""}</bdi>}
      actions={data && mayChange && <DeleteUpstream newest={data} />}
    >
      <Loaded query={upstream} height="60rem">
        {(newest) => <Parts newest={newest} mayChange={mayChange} />}
      </Loaded>
    </Page>
  );
}

function Parts({ newest, mayChange }: { newest: Tagged<UpstreamDetail>; mayChange: boolean }) {
  const { id, name } = newest.data;
  return (
    <>
      <HealthPanel upstream={newest.data} mayChange={mayChange} />
      <Panel title="Login">
        <Login newest={newest} mayChange={mayChange} />
      </Panel>
      <Panel title="Settings">
        {mayChange ? <SettingsForm newest={newest} /> : <SettingsList upstream={newest.data} />}
      </Panel>
      <Panel title="Rules">
        <Rules upstreamId={id} mayChange={mayChange} />
      </Panel>
      {mayChange && (
        <Panel title="Purge what is cached">
          <Purge
            name={name}
            typed={typedName(name, id)}
            preview={(query) =>
              ask(
                api.GET("/api/v4/virtual_registries/container/upstreams/{id}/cache", {
                  params: { path: { id }, query },
                }),
              )
            }
            purge={(query) =>
              ask(
                api.DELETE("/api/v4/virtual_registries/container/upstreams/{id}/cache", {
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
