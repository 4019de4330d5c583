import { useMutation } from "@tanstack/react-query";
import { useLocation } from "wouter";
import { api, ask } from "../../api/client.ts";
import { useRights } from "../../api/rights.ts";
import { Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Endless } from "../../ui/endless.tsx";
import { Checkbox, SearchField, TextField } from "../../ui/fields.tsx";
import { Form, type Values } from "../../ui/form.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { useParam } from "../../ui/params.ts";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { useSettled } from "../../ui/settled.ts";
import { EmptyState } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { type User, usersChanged, useUsers } from "./queries.ts";

/** Everybody who is known here. For administrators. */
export default function Users() {
  const { may } = useRights();
  const [search, setSearch] = useParam("search");
  const users = useUsers(useSettled(search.trim()));
  return (
    <Page title="Users" actions={may("administrator") && <CreateUser />}>
      <Panel title="All users">
        <SearchField label="Find a user" value={search} onChange={setSearch} />
        <Endless
          query={users}
          height="20rem"
          empty={<EmptyState title="No user has these words">Try a shorter part.</EmptyState>}
        >
          {(rows) => (
            <Table
              isAll
              label="Users"
              columns={columns}
              rows={rows}
              rowKey={({ id }) => id}
              rowHref={({ id }) => `/users/${id}`}
            />
          )}
        </Endless>
      </Panel>
    </Page>
  );
}

const columns: readonly Column<User>[] = [
  {
    id: "username",
    name: "User name",
    isName: true,
    cell: ({ username }) => <bdi>{username}</bdi>,
  },
  { id: "name", name: "Name", cell: ({ name }) => <bdi>{name}</bdi> },
  { id: "email", name: "E-mail", cell: ({ email }) => <bdi>{email ?? "–"}</bdi> },
  { id: "state", name: "State", cell: (user) => <States user={user} /> },
  { id: "created", name: "Created", cell: (user) => <RelativeTime time={user.created_at} /> },
];

export function States({ user: { state, is_admin: isAdmin, bot } }: { user: User }) {
  return (
    <span className="row">
      <Badge tone={state === "active" ? "good" : "bad"}>
        {{ active: "Active", blocked: "Blocked", deactivated: "Deactivated" }[state]}
      </Badge>
      {isAdmin && <Badge tone="accent">Administrator</Badge>}
      {bot && <Badge>Bot</Badge>}
    </span>
  );
}

function CreateUser() {
  return (
    <Dialog
      title="New user"
      trigger={
        <Button variant="primary" icon="plus">
          New user
        </Button>
      }
    >
      {(close) => <CreateForm close={close} />}
    </Dialog>
  );
}

function CreateForm({ close }: { close: () => void }) {
  const [, navigate] = useLocation();
  const making = useMutation({
    mutationFn: ({ username = "", name, email, admin }: Values) =>
      ask(
        api.POST("/api/v4/users", {
          body: {
            username,
            ...(name && { name }),
            ...(email && { email }),
            ...(admin !== undefined && { admin: true }),
          },
        }),
      ),
    onSuccess: async ({ id }) => {
      await usersChanged();
      close();
      navigate(`/users/${id}`);
    },
  });
  return (
    <Form
      action="Create user"
      isPending={making.isPending}
      error={making.error}
      beside={<Button onPress={close}>Cancel</Button>}
      onSubmit={(values) => making.mutate(values)}
    >
      <TextField name="username" label="User name" autoComplete="off" isRequired autoFocus />
      <TextField name="name" label="Name (optional)" autoComplete="off" />
      <TextField name="email" label="E-mail address (optional)" autoComplete="off" />
      <Checkbox name="admin" label="Administrator" description="May see and change everything." />
      <p className="description">
        A password, and who this is at identity providers, can be given on the page that comes next.
        Who is no administrator sees and pulls nothing before he is a member of a group.
      </p>
    </Form>
  );
}
