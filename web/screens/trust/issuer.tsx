import { useMutation } from "@tanstack/react-query";
import { useLocation, useParams } from "wouter";
import { api, ask, askTagged, ifMatch } from "../../api/client.ts";
import { useGroup } from "../../api/group.ts";
import { queries } from "../../api/queries.ts";
import { useRights } from "../../api/rights.ts";
import { type Crumb, Page } from "../../shell/page.tsx";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { type Edited, Editing, News } from "../../ui/editing.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { NoPermission, Skeleton } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import type { Issuer, IssuerFields } from "./draft.ts";
import { IssuerForm } from "./issuer-form.tsx";

const crumbs: Crumb[] = [{ title: "Sign-in and CI", to: "/trust" }];
const changed = () => queries.invalidateQueries({ queryKey: ["oidc issuers"] });

/** A trusted issuer of id tokens, or a new one (`/trust/new`). */
export default function IssuerScreen() {
  const { id } = useParams();
  const { may } = useRights();
  if (!may("administrator")) {
    return (
      <Page title="Trusted issuer" crumbs={crumbs}>
        <NoPermission>Administrators say whom this server trusts.</NoPermission>
      </Page>
    );
  }
  return id === "new" ? <NewIssuer /> : <OneIssuer key={id} id={Number(id)} />;
}

function NewIssuer() {
  const [, navigate] = useLocation();
  // The first rule begins with the group that is looked at.
  const { isLoading } = useGroup();
  const making = useMutation({
    mutationFn: (body: IssuerFields) => ask(api.POST("/api/v4/admin/oidc_issuers", { body })),
    onSuccess: async ({ name }) => {
      await changed();
      toast(`${name} is trusted from the next login on.`);
      navigate("/trust");
    },
  });
  return (
    <Page
      title="Trust an issuer"
      crumbs={crumbs}
      description="Jobs then log in with the id token that their CI system gives them, and need no secret."
    >
      <Panel title="Issuer">
        {isLoading ? (
          <Skeleton height="34rem" />
        ) : (
          <IssuerForm
            issuer={undefined}
            action="Trust issuer"
            isPending={making.isPending}
            error={making.error}
            onSubmit={(fields) => making.mutate(fields)}
          />
        )}
      </Panel>
    </Page>
  );
}

const words = {
  name: "Name",
  issuer: "Issuer",
  rules: "Rules",
  audiences: "Audiences",
  required_claims: "Every token must claim",
  jwks_uri: "Address of its keys",
  algorithms: "Signatures",
  leeway_seconds: "Seconds ahead",
};

function OneIssuer({ id }: { id: number }) {
  return (
    <Page title="Trusted issuer" crumbs={crumbs}>
      <Editing
        queryKey={["oidc issuers", id]}
        read={(signal) =>
          askTagged(
            api.GET("/api/v4/admin/oidc_issuers/{id}", { params: { path: { id } }, signal }),
          )
        }
        height="34rem"
      >
        {(edited) => <ChangeIssuer edited={edited} />}
      </Editing>
    </Page>
  );
}

function ChangeIssuer({ edited }: { edited: Edited<Issuer> }) {
  const { first, tag, reload, saved } = edited;
  const [, navigate] = useLocation();
  const params = { path: { id: first.id } };
  const saving = useMutation({
    mutationFn: (body: IssuerFields) =>
      ask(api.PATCH("/api/v4/admin/oidc_issuers/{id}", { params, headers: ifMatch(tag), body })),
    onSuccess: async () => {
      await Promise.all([saved(), changed()]);
      toast("Saved. What was issued under the former rules has ended.");
    },
  });
  const remove = async () => {
    await ask(api.DELETE("/api/v4/admin/oidc_issuers/{id}", { params, headers: ifMatch(tag) }));
    await changed();
    toast(`${first.name} is not trusted any more.`);
    navigate("/trust");
  };
  return (
    <Panel
      title={first.name}
      actions={
        <ConfirmDialog
          title={`Trust ${first.name} no longer?`}
          action="Remove issuer"
          typed={first.name}
          trigger={<Button icon="trash">Remove</Button>}
          onConfirm={remove}
        >
          Jobs with its tokens cannot log in any more, and what was issued for them ends at its next
          request. Its rules go with it.
        </ConfirmDialog>
      }
    >
      <IssuerForm
        issuer={first}
        action="Save issuer"
        isPending={saving.isPending}
        error={saving.error}
        onReload={reload}
        onSubmit={(fields) => saving.mutate(fields)}
      >
        {!saving.isSuccess && <News edited={edited} words={words} />}
      </IssuerForm>
    </Panel>
  );
}
