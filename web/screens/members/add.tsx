import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, askPage } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { levelOf } from "../../api/roles.ts";
import { useRights } from "../../api/rights.ts";
import { Button } from "../../ui/button.tsx";
import { ComboBox } from "../../ui/choices.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form, type Values } from "../../ui/form.tsx";
import { useSettled } from "../../ui/settled.ts";
import { toast } from "../../ui/toast.tsx";
import { RoleFields } from "./change.tsx";
import { add } from "./queries.ts";

const leastRole = 10;

export function AddMember({ group }: { group: Group }) {
  return (
    <Dialog
      title={`Add a member to ${group.full_path}`}
      trigger={
        <Button variant="primary" icon="plus">
          Add member
        </Button>
      }
    >
      {(close) => <AddForm group={group} close={close} />}
    </Dialog>
  );
}

function AddForm({ group, close }: { group: Group; close: () => void }) {
  const { is } = useRights();
  const adding = useMutation({
    mutationFn: ({ username = "", access_level: level = "", expires_at: end = "" }: Values) =>
      add(group, username.trim(), { access_level: levelOf(level), expires_at: end || null }),
    onSuccess: ({ username }) => {
      toast(`${username} is a member now.`);
      close();
    },
  });
  return (
    <Form
      action="Add member"
      isPending={adding.isPending}
      error={adding.error}
      beside={<Button onPress={close}>Cancel</Button>}
      onSubmit={(values) => adding.mutate(values)}
    >
      {is("administrator") ? (
        <UserSearch />
      ) : (
        <TextField
          name="username"
          label="User name"
          description="As the user signs in; administrators have the list of users."
          autoComplete="off"
          isRequired
          autoFocus
        />
      )}
      <RoleFields level={leastRole} />
    </Form>
  );
}

const mostFound = 20;

/** Among all users, whom administrators alone may list. */
function UserSearch() {
  const [text, setText] = useState("");
  const search = useSettled(text.trim());
  const { data: users = [], isFetching } = useQuery({
    queryKey: ["users", "found", search],
    queryFn: async ({ signal }) => {
      const query = { per_page: mostFound, ...(search && { search }) };
      const { items } = await askPage(api.GET("/api/v4/users", { params: { query }, signal }));
      return items.filter(({ bot }) => !bot);
    },
    placeholderData: (former) => former,
  });
  return (
    <ComboBox
      name="username"
      label="User"
      description="Type a part of the name."
      inputValue={text}
      onInputChange={setText}
      allowsCustomValue
      isRequired
      isSearching={isFetching || search !== text.trim()}
      choices={users.map(({ username, name }) => ({
        id: username,
        label: username,
        ...(name !== username && { description: name }),
      }))}
    />
  );
}
