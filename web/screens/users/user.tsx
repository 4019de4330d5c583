import { useQuery } from "@tanstack/react-query";
import { useParams } from "wouter";
import { useRights } from "../../api/rights.ts";
import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { type Crumb, Page } from "../../shell/page.tsx";
import { Editing } from "../../ui/editing.tsx";
import { RelativeTime } from "../../ui/format.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { CreateToken } from "../tokens/create.tsx";
import type { Owner } from "../tokens/kinds.ts";
import { TokenList } from "../tokens/list.tsx";
import { Identities } from "./identities.tsx";
import { PasswordPanel } from "./password.tsx";
import { ProfileForm } from "./profile.tsx";
import { readUser, type User } from "./queries.ts";
import { StateActions } from "./state.tsx";
import { States } from "./users.tsx";

const crumbs: Crumb[] = [{ title: "Users", to: "/users" }];

/** One user, for administrators. */
export default function UserScreen() {
  const id = Number(useParams()["id"]);
  const user = useQuery({
    queryKey: ["users", id],
    queryFn: async ({ signal }) => (await readUser(id, signal)).data,
  });
  const { mayWrite } = useRights();
  return (
    <Page
      title={user.data?.username ?? "User"}
      crumbs={crumbs}
      actions={user.data && mayWrite && <StateActions user={user.data} />}
    >
      <Loaded query={user} height="30rem">
        {(found) => <Parts key={found.id} user={found} mayWrite={mayWrite} />}
      </Loaded>
    </Page>
  );
}

function Parts({ user, mayWrite }: { user: User; mayWrite: boolean }) {
  const isSelf = useStore(me)?.user.id === user.id;
  const owner: Owner = { kind: "personal", userId: user.id, username: user.username, isSelf };
  return (
    <>
      <div className="row">
        <States user={user} />
        <span className="muted">
          Created <RelativeTime time={user.created_at} />
        </span>
      </div>
      {mayWrite && (
        <Panel title="Profile">
          <Editing
            queryKey={["users", user.id]}
            read={(signal) => readUser(user.id, signal)}
            height="20rem"
          >
            {(edited) => <ProfileForm edited={edited} />}
          </Editing>
        </Panel>
      )}
      {!user.bot && (
        <>
          <Panel title="Identities at providers">
            <Identities user={user} mayChange={mayWrite} />
          </Panel>
          {mayWrite && <PasswordPanel user={user} isSelf={isSelf} />}
          <Panel title="Personal access tokens" actions={mayWrite && <CreateToken owner={owner} />}>
            <TokenList owner={owner} mayChange={mayWrite} />
          </Panel>
        </>
      )}
    </>
  );
}
