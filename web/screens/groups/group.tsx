import { useMutation, useQuery } from "@tanstack/react-query";
import { useLocation, useParams } from "wouter";
import { api, ask, askTagged, ifMatch, tagOfSeen } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { useAllGroups } from "../../api/places.ts";
import { queries } from "../../api/queries.ts";
import { isWithin, type Rights, useRights } from "../../api/rights.ts";
import { type Crumb, Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { type Edited, Editing } from "../../ui/editing.tsx";
import { EditingForm } from "../../ui/editing-form.tsx";
import { TextField } from "../../ui/fields.tsx";
import type { Values } from "../../ui/form.tsx";
import { Link } from "../../ui/link.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { CreateGroup } from "./groups.tsx";
import { DependencyProxyPanel } from "./dependency-proxy.tsx";
import { RegistriesSwitch } from "./settings.tsx";
import { SpacePanel } from "./space.tsx";

const above: Crumb[] = [{ title: "Groups", to: "/groups" }];

const read = (id: string, signal: AbortSignal) =>
  askTagged(api.GET("/api/v4/groups/{id}", { params: { path: { id } }, signal }));

/** One group: what it is called, what is below it, and what can be done with it as a whole. */
export default function GroupScreen() {
  const { id = "" } = useParams();
  const group = useQuery({
    queryKey: ["groups", "id", id],
    queryFn: async ({ signal }) => (await read(id, signal)).data,
  });
  const { data } = group;
  const rights = useRights(data);
  return (
    <Page
      title={data?.name ?? "Group"}
      crumbs={above}
      description={data && <code>{data.full_path}</code>}
      actions={data && rights.may("owner") && <CreateGroup parent={data} />}
    >
      <Loaded query={group} height="24rem">
        {(found) => <Parts key={found.id} group={found} rights={rights} />}
      </Loaded>
    </Page>
  );
}

function Parts({ group, rights }: { group: Group; rights: Rights }) {
  const inIt = `?in=${encodeURIComponent(group.full_path)}`;
  const isTop = group.parent_id === null;
  return (
    <>
      <nav className="row" aria-label="Of this group">
        {rights.is("guest") && (
          <Link className="button" to={`/members${inIt}`}>
            Members
          </Link>
        )}
        {rights.is("owner") && (
          <>
            <Link className="button" to={`/tokens${inIt}&kind=deploy`}>
              Tokens
            </Link>
            <Link className="button" to={`/audit${inIt}`}>
              Audit log
            </Link>
          </>
        )}
      </nav>
      <Panel title="Subgroups">
        <Subgroups group={group} />
      </Panel>
      {rights.may("owner") && (
        <Panel title="Name and path">
          <Editing
            queryKey={["groups", String(group.id)]}
            read={(signal) => read(String(group.id), signal)}
            height="14rem"
          >
            {(edited) => <NameForm edited={edited} />}
          </Editing>
        </Panel>
      )}
      {isTop && rights.is("owner") && (
        <>
          <RegistriesSwitch group={group} mayChange={rights.mayWrite} />
          <SpacePanel group={group} mayChange={rights.may("administrator")} />
        </>
      )}
      {rights.may("owner") && <DependencyProxyPanel group={group} />}
      {rights.may("owner") && <DeleteGroup group={group} />}
    </>
  );
}

function Subgroups({ group }: { group: Group }) {
  return (
    <Loaded query={useAllGroups()} height="6rem">
      {(all) => {
        const below = all.filter(
          ({ id, full_path: path }) => id !== group.id && isWithin(path, group.full_path),
        );
        if (below.length === 0) {
          return <EmptyState title="None">Groups below this one would be here.</EmptyState>;
        }
        return (
          <ul className="lines">
            {below.map(({ id, full_path: path, name }) => (
              <li key={id}>
                <Link to={`/groups/${id}`}>
                  <bdi>{name}</bdi>
                </Link>{" "}
                <code className="muted small">{path}</code>
              </li>
            ))}
          </ul>
        );
      }}
    </Loaded>
  );
}

function NameForm({ edited }: { edited: Edited<Group> }) {
  const { first, tag, saved } = edited;
  const saving = useMutation({
    mutationFn: ({ name = "", path = "" }: Values) =>
      ask(
        api.PUT("/api/v4/groups/{id}", {
          params: { path: { id: String(first.id) } },
          headers: ifMatch(tag),
          body: { name, path },
        }),
      ),
    onSuccess: async () => {
      toast("The group is changed.");
      await saved();
      await queries.invalidateQueries({ queryKey: ["groups"] });
    },
  });
  return (
    <EditingForm
      edited={edited}
      saving={saving}
      action="Save"
      words={{ name: "Name", path: "Path" }}
      onSubmit={(values) => saving.mutate(values)}
    >
      <TextField name="name" label="Name" defaultValue={first.name} isRequired />
      <TextField
        name="path"
        label="Path"
        defaultValue={first.path}
        description="Images are pulled through its Dependency Proxy by the former path too, until another group takes that. Paths of subgroups move along."
        isRequired
      />
    </EditingForm>
  );
}

function DeleteGroup({ group }: { group: Group }) {
  const [, navigate] = useLocation();
  const confirm = async () => {
    const id = String(group.id);
    const params = { path: { id } };
    const { name, full_path } = group;
    const seen = tagOfSeen({ name, full_path }, api.GET("/api/v4/groups/{id}", { params }));
    await ask(api.DELETE("/api/v4/groups/{id}", { params, headers: ifMatch(await seen) }));
    toast(`The group ${group.full_path} is deleted.`);
    navigate("/groups");
    await queries.invalidateQueries();
  };
  return (
    <Panel
      title="Delete this group"
      actions={
        <ConfirmDialog
          title={`Delete ${group.full_path}?`}
          action="Delete group"
          typed={group.full_path}
          trigger={
            <Button variant="danger" icon="trash">
              Delete group
            </Button>
          }
          onConfirm={confirm}
        >
          <p>
            Everything in it goes and does not come back: groups below it, registries, upstreams and
            what they have cached, projects, members, tokens and webhooks. Clients that pull through
            it fail from then on.
          </p>
        </ConfirmDialog>
      }
    >
      <p className="muted">With its registries, subgroups, members and tokens.</p>
    </Panel>
  );
}
