import { useMutation } from "@tanstack/react-query";
import { levelOf, roleChoices, roleTitle } from "../../api/roles.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/choices.tsx";
import { dayOf } from "../../ui/days.ts";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import { type Edited, Editing, News } from "../../ui/editing.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { toast } from "../../ui/toast.tsx";
import { change, type Member, type Membership, read, remove } from "./queries.ts";

export function ChangeMember({ member }: { member: Membership }) {
  return (
    <Dialog
      title={`Role of ${member.username}`}
      trigger={
        <Button variant="quiet" aria-label={`Change ${member.username}`}>
          Change
        </Button>
      }
    >
      {(close) => (
        <Editing
          queryKey={["members", member.of.id, member.id]}
          read={(signal) => read(member, signal)}
          height="14rem"
        >
          {(edited) => <RoleForm member={member} edited={edited} close={close} />}
        </Editing>
      )}
    </Dialog>
  );
}

function RoleForm({
  member,
  edited,
  close,
}: {
  member: Membership;
  edited: Edited<Member>;
  close: () => void;
}) {
  const { first, now, tag, reload } = edited;
  const saving = useMutation({
    mutationFn: (values: Readonly<Record<string, string>>) => {
      const level = levelOf(values["access_level"] ?? "");
      return change(member, { access_level: level, expires_at: values["expires_at"] || null }, tag);
    },
    onSuccess: () => {
      toast(`The role of ${member.username} is changed.`);
      close();
    },
  });
  return (
    <Form
      action="Save role"
      isPending={saving.isPending}
      error={saving.error}
      onReload={reload}
      beside={<Button onPress={close}>Cancel</Button>}
      onSubmit={(values) => saving.mutate(values)}
    >
      <RoleFields level={first.access_level} end={dayOf(first.expires_at)} />
      <News
        edited={{ ...edited, first: told(first), now: told(now) }}
        words={{ role: "Role", end: "Ends" }}
      />
    </Form>
  );
}

const told = ({ access_level: level, expires_at: end }: Member) => ({
  role: roleTitle(level),
  end: end ?? "never",
});

export function RoleFields({ level, end = "" }: { level: number; end?: string }) {
  return (
    <>
      <Select
        name="access_level"
        label="Role"
        defaultValue={String(level)}
        choices={roleChoices}
        description="All may pull. Maintainers set up registries and upstreams, owners members and tokens too. Nobody gives a role that is higher than his own."
      />
      <TextField
        name="expires_at"
        label="Ends on (optional)"
        type="date"
        defaultValue={end}
        description="At 00:00 UTC of that day. Empty: it does not end."
      />
    </>
  );
}

export function RemoveMember({ member }: { member: Membership }) {
  const confirm = async () => {
    await remove(member);
    toast(`${member.username} is no member any more.`);
  };
  return (
    <ConfirmDialog
      title={`Remove ${member.username}?`}
      action="Remove member"
      trigger={
        <Button variant="quiet" aria-label={`Remove ${member.username}`}>
          Remove
        </Button>
      }
      onConfirm={confirm}
    >
      <p>
        <bdi>{member.username}</bdi> loses what the role {roleTitle(member.access_level)} in{" "}
        <bdi>{member.of.full_path}</bdi> gives, from the next request on. You can add the user
        again.
      </p>
    </ConfirmDialog>
  );
}
