import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { toast } from "../../ui/toast.tsx";
import { setState, type User, type Verb } from "./queries.ts";

const ending =
  "Nothing of this user counts from the next request on: sessions, tokens, passwords, pulls. It can be undone here.";
const beginning = "Roles and tokens that have not ended count again.";

const deeds: Record<Verb, { label: string; done: string; text: string }> = {
  block: { label: "Block", done: "is blocked", text: ending },
  deactivate: { label: "Deactivate", done: "is deactivated", text: ending },
  unblock: { label: "Unblock", done: "is not blocked any more", text: beginning },
  activate: { label: "Activate", done: "is active again", text: beginning },
};

const possible: Record<User["state"], readonly Verb[]> = {
  active: ["deactivate", "block"],
  blocked: ["unblock"],
  deactivated: ["activate"],
};

export function StateActions({ user }: { user: User }) {
  // Nobody shuts himself out.
  const isSelf = useStore(me)?.user.id === user.id;
  if (isSelf) return null;
  return possible[user.state].map((verb) => <Deed key={verb} user={user} verb={verb} />);
}

function Deed({ user, verb }: { user: User; verb: Verb }) {
  const { label, done, text } = deeds[verb];
  const confirm = async () => {
    await setState(user, verb);
    toast(`${user.username} ${done}.`);
  };
  return (
    <ConfirmDialog
      title={`${label} ${user.username}?`}
      action={`${label} user`}
      trigger={<Button>{label}</Button>}
      onConfirm={confirm}
    >
      {text}
    </ConfirmDialog>
  );
}
