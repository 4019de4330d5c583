import { useMutation } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api, ask } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { useAllGroups } from "../../api/places.ts";
import { queries } from "../../api/queries.ts";
import { rightsOf, useRights } from "../../api/rights.ts";
import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { SearchField, TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { useParam } from "../../ui/params.ts";
import { Panel } from "../../ui/pieces.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";

/** Every group that one may see. */
export default function Groups() {
  const { may } = useRights();
  return (
    <Page
      title="Groups"
      description="A top-level group has registries, members and tokens; the groups below it have members, tokens and a Dependency Proxy of their own."
      actions={may("administrator") && <CreateGroup parent={undefined} />}
    >
      <Panel title="All groups">
        <List />
      </Panel>
    </Page>
  );
}

function List() {
  const groups = useAllGroups();
  const known = useStore(me);
  const [search, setSearch] = useParam("search");
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const isFound = ({ full_path: path, name }: Group) =>
    words.every((word) => `${path} ${name}`.toLowerCase().includes(word));
  const columns: Column<Group>[] = [
    {
      id: "name",
      name: "Name",
      isName: true,
      cell: ({ full_path: path, name }) => (
        <bdi className={`depth-${Math.min(path.split("/").length - 1, 4)}`}>{name}</bdi>
      ),
    },
    { id: "path", name: "Path", cell: ({ full_path: path }) => <code>{path}</code> },
    {
      id: "role",
      name: "Your role",
      cell: (group) => roleText(rightsOf(known, group).standing),
    },
  ];
  return (
    <Loaded query={groups} height="12rem">
      {(all) => (
        <>
          <SearchField label="Find a group" value={search} onChange={setSearch} />
          <Table
            label="Groups"
            columns={columns}
            rows={all.filter(isFound)}
            rowKey={({ id }) => id}
            rowHref={({ id }) => `/groups/${id}`}
            empty={
              all.length === 0 ? (
                <EmptyState title="No groups yet">
                  You are in none. An owner of a group, or an administrator, can add you.
                </EmptyState>
              ) : (
                "No group has these words."
              )
            }
          />
        </>
      )}
    </Loaded>
  );
}

const roleText = (standing: string) =>
  standing === "stranger" ? "by a project" : standing[0]?.toUpperCase() + standing.slice(1);

/** A top-level group, or one below `parent`. */
export function CreateGroup({ parent }: { parent: Group | undefined }) {
  return (
    <Dialog
      title={parent ? `New subgroup of ${parent.full_path}` : "New group"}
      trigger={
        <Button variant="primary" icon="plus">
          {parent ? "New subgroup" : "New group"}
        </Button>
      }
    >
      {(close) => <CreateForm parent={parent} close={close} />}
    </Dialog>
  );
}

function CreateForm({ parent, close }: { parent: Group | undefined; close: () => void }) {
  const [, navigate] = useLocation();
  const making = useMutation({
    mutationFn: ({ name = "", path = "" }: Readonly<Record<string, string>>) =>
      ask(
        api.POST("/api/v4/groups", {
          body: { name, path, ...(parent && { parent_id: parent.id }) },
        }),
      ),
    onSuccess: async ({ id }) => {
      await queries.invalidateQueries({ queryKey: ["groups"] });
      close();
      navigate(`/groups/${id}`);
    },
  });
  return (
    <Form
      action="Create group"
      isPending={making.isPending}
      error={making.error}
      beside={<Button onPress={close}>Cancel</Button>}
      onSubmit={(values) => making.mutate(values)}
    >
      <TextField name="name" label="Name" isRequired autoFocus />
      <TextField
        name="path"
        label="Path"
        description={`Part of what clients pull by: ${parent ? `${parent.full_path}/` : ""}PATH`}
        autoComplete="off"
        isRequired
      />
    </Form>
  );
}
