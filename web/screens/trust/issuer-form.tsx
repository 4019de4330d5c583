import { type ReactNode, useState } from "react";
import { useGroup } from "../../api/group.ts";
import { CheckboxGroup } from "../../ui/checks.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { ClaimFields } from "./claim-fields.tsx";
import { type Algorithm, draftOf, fieldsOf, type Issuer, type IssuerFields } from "./draft.ts";
import { Rules } from "./rules.tsx";

const algorithms: Algorithm[] = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** All of an issuer, whether it is there already or not. */
export function IssuerForm({
  issuer,
  action,
  onSubmit,
  children,
  ...state
}: {
  issuer: Issuer | undefined;
  action: string;
  isPending: boolean;
  error: unknown;
  onReload?: () => void;
  onSubmit: (fields: IssuerFields) => void;
  /** What stands before the buttons. */
  children?: ReactNode;
}) {
  const { group } = useGroup();
  const [draft, setDraft] = useState(() => draftOf(issuer, group?.full_path ?? ""));
  return (
    <Form {...state} action={action} onSubmit={(values) => onSubmit(fieldsOf(values, draft))}>
      <TextField
        name="name"
        label="Name"
        description="For logs: lower-case letters, digits, _ and -."
        defaultValue={issuer?.name ?? ""}
        autoComplete="off"
        isRequired
      />
      <TextField
        name="issuer"
        label="Issuer"
        description="To the letter what stands as iss in its tokens, as https://gitlab.example.com or https://token.actions.githubusercontent.com."
        placeholder="https://"
        defaultValue={issuer?.issuer ?? ""}
        isRequired
      />
      <Rules rules={draft.rules} onChange={(rules) => setDraft({ ...draft, rules })} />
      <details className="more" open={issuer !== undefined && hasMore(issuer)}>
        <summary>More settings</summary>
        <div className="stack">
          <fieldset className="rules">
            <legend>Every token must claim</legend>
            <ClaimFields
              of="every token"
              rows={draft.required}
              onChange={(required) => setDraft({ ...draft, required })}
            />
          </fieldset>
          <TextField
            name="audiences"
            label="Audiences"
            description="One a line; a token must be for one of these (aud). Empty: the address of this server, and its host."
            rows={2}
            defaultValue={issuer?.audiences?.join("\n") ?? ""}
          />
          <TextField
            name="jwks_uri"
            label="Address of its keys"
            description="Empty: what its discovery document says."
            defaultValue={issuer?.jwks_uri ?? ""}
          />
          <CheckboxGroup<Algorithm>
            name="algorithms"
            label="How its tokens may be signed"
            choices={algorithms.map((id) => ({ id, label: id }))}
            value={draft.algorithms}
            onChange={(chosen) => setDraft({ ...draft, algorithms: chosen })}
          />
          <TextField
            name="leeway_seconds"
            label="Seconds that its clock may be ahead"
            description="0 to 60."
            defaultValue={String(issuer?.leeway_seconds ?? 30)}
          />
          <TextField
            name="ca"
            label="Certificates of its authorities (PEM)"
            description="Empty: the well-known ones."
            rows={3}
            defaultValue={issuer?.ca ?? ""}
          />
        </div>
      </details>
      {children}
    </Form>
  );
}

function hasMore({ jwks_uri: keys, audiences, ca, required_claims: required }: Issuer): boolean {
  return keys !== null || audiences !== null || ca !== null || Object.keys(required).length > 0;
}
