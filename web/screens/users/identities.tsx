import { useMutation, useQuery } from "@tanstack/react-query";
import { api, ask, ifMatch, tagOfSeen } from "../../api/client.ts";
import { ApiError } from "../../api/errors.ts";
import { queries } from "../../api/queries.ts";
import type { components } from "../../api/schema.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/choices.tsx";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form, type Values } from "../../ui/form.tsx";
import { EmptyState, Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";
import type { User } from "./queries.ts";

type Identity = components["schemas"]["Identity"];
type Providers = components["schemas"]["SignInMethods"]["providers"];

const keyOf = ({ id }: User) => ["users", id, "identities"];

/** Who a user is at identity providers. */
export function Identities({ user, mayChange }: { user: User; mayChange: boolean }) {
  const methods = useQuery({
    queryKey: ["session", "methods"],
    queryFn: ({ signal }) => ask(api.GET("/api/v4/session/methods", { signal })),
  });
  const identities = useQuery({
    queryKey: keyOf(user),
    queryFn: ({ signal }) =>
      ask(api.GET("/api/v4/users/{id}/identities", { params: { path: { id: user.id } }, signal })),
  });
  const providers = methods.data?.providers ?? [];
  return (
    <Loaded query={identities} height="8rem">
      {(rows) => (
        <>
          <Table
            label="Identities"
            columns={columnsOf(user, mayChange)}
            rows={rows}
            rowKey={({ provider }) => provider}
            empty={
              <EmptyState title="None">
                {providers.length === 0
                  ? "This server has no identity providers: they stand in its configuration file, under sign_in_providers."
                  : "This user cannot sign in at an identity provider yet."}
              </EmptyState>
            }
          />
          {mayChange && providers.length > 0 && (
            <div>
              <Link user={user} providers={providers} present={rows} />
            </div>
          )}
        </>
      )}
    </Loaded>
  );
}

const columnsOf = (user: User, mayChange: boolean): Column<Identity>[] => [
  { id: "provider", name: "Provider", isName: true, cell: ({ provider }) => provider },
  { id: "issuer", name: "Issuer", cell: ({ issuer }) => <bdi>{issuer}</bdi> },
  { id: "subject", name: "Subject (sub)", cell: ({ subject }) => <bdi>{subject}</bdi> },
  {
    id: "actions",
    name: "Actions",
    isHeadless: true,
    cell: (identity) => mayChange && <Unlink user={user} identity={identity} />,
  },
];

interface Linking {
  user: User;
  providers: Providers;
  /** Those that are shown. */
  present: readonly Identity[];
}

const getIdentity = ({ id }: User, provider: string) =>
  api.GET("/api/v4/users/{id}/identities/{provider}", { params: { path: { id, provider } } });

/** For the change of what is shown; where nothing is, nothing must be there. */
async function seenAt({ user, present }: Linking, provider: string) {
  const shown = present.find((one) => one.provider === provider);
  try {
    return ifMatch(await tagOfSeen({ subject: shown?.subject ?? "" }, getIdentity(user, provider)));
  } catch (error) {
    if (!shown && error instanceof ApiError && error.status === 404) return {};
    throw error;
  }
}

function Link(linking: Linking) {
  const { user } = linking;
  return (
    <Dialog
      title={`Identity of ${user.username}`}
      trigger={<Button icon="plus">Add or change an identity</Button>}
    >
      {(close) => <LinkForm linking={linking} close={close} />}
    </Dialog>
  );
}

function LinkForm({ linking: about, close }: { linking: Linking; close: () => void }) {
  const { user, providers } = about;
  const linking = useMutation({
    mutationFn: async ({ provider = "", subject = "" }: Values) => {
      const headers = await seenAt(about, provider);
      const params = { path: { id: user.id, provider } };
      const body = { subject };
      await ask(api.PUT("/api/v4/users/{id}/identities/{provider}", { params, headers, body }));
    },
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: keyOf(user) });
      toast(`${user.username} can sign in there now.`);
      close();
    },
  });
  return (
    <Form
      action="Save identity"
      isPending={linking.isPending}
      error={linking.error}
      beside={<Button onPress={close}>Cancel</Button>}
      onReload={() => void queries.invalidateQueries({ queryKey: keyOf(user) })}
      onSubmit={(values) => linking.mutate(values)}
    >
      <Select
        name="provider"
        label="Provider"
        defaultValue={providers[0]?.name ?? ""}
        choices={providers.map(({ name, title }) => ({ id: name, label: title }))}
      />
      <TextField
        name="subject"
        label="Subject"
        description="What the provider calls this person, to the letter: the claim sub of its tokens."
        autoComplete="off"
        isRequired
      />
    </Form>
  );
}

function Unlink({ user, identity: { provider, subject } }: { user: User; identity: Identity }) {
  const confirm = async () => {
    await ask(
      api.DELETE("/api/v4/users/{id}/identities/{provider}", {
        params: { path: { id: user.id, provider } },
        headers: ifMatch(await tagOfSeen({ subject }, getIdentity(user, provider))),
      }),
    );
    await queries.invalidateQueries({ queryKey: keyOf(user) });
    toast("The identity is taken away.");
  };
  return (
    <ConfirmDialog
      title={`Take away the identity at ${provider}?`}
      action="Take away"
      trigger={
        <Button variant="quiet" aria-label={`Take away the identity at ${provider}`}>
          Take away
        </Button>
      }
      onConfirm={confirm}
    >
      <p>
        <bdi>{user.username}</bdi> cannot sign in there any more, and roles that the provider gave
        go.
      </p>
    </ConfirmDialog>
  );
}
