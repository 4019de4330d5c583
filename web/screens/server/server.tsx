import { useRights } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { Loaded, NoPermission } from "../../ui/states.tsx";
import { useReadiness, useVersion } from "./queries.ts";
import { SpacePanels } from "./space.tsx";
import { WorkPanel } from "./work.tsx";

/** The server itself: whether it is well, what it does, and what it holds. For administrators. */
export default function Server() {
  const { is, may } = useRights();
  if (!is("administrator")) {
    return (
      <Page title="Server">
        <NoPermission>How the server does is for administrators to see.</NoPermission>
      </Page>
    );
  }
  return (
    <Page title="Server">
      <Health />
      <SpacePanels mayEvict={may("administrator")} />
      <WorkPanel />
    </Page>
  );
}

const parts: Readonly<Record<string, string>> = {
  server: "Server",
  database: "Database",
  blob_store: "Blob store",
};

function Health() {
  const version = useVersion();
  return (
    <Panel title="Health">
      <Loaded query={useReadiness()} height="8rem">
        {({ isReady, parts: states }) => (
          <dl className="facts">
            <dt>State</dt>
            <dd>
              <Badge tone={isReady ? "good" : "bad"}>{isReady ? "Ready" : "Not ready"}</Badge>
            </dd>
            {Object.entries(states).map(([name, state]) => (
              <Part key={name} name={parts[name] ?? name.replaceAll("_", " ")} state={state} />
            ))}
            <dt>Version</dt>
            <dd>{version.data?.version ?? "…"}</dd>
          </dl>
        )}
      </Loaded>
    </Panel>
  );
}

function Part({ name, state }: { name: string; state: string }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{state === "ok" ? "works" : <Badge tone="warn">{state}</Badge>}</dd>
    </>
  );
}
