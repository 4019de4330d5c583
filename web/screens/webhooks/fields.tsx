import { useState } from "react";
import { Button } from "../../ui/button.tsx";
import { CheckboxGroup } from "../../ui/checks.tsx";
import { Checkbox, TextField } from "../../ui/fields.tsx";
import { CopyButton } from "../../ui/pieces.tsx";
import { events, newSecret, type Webhook, type WebhookEvent } from "./queries.ts";

/** The fields of a webhook; `webhook`: as it is. */
export function WebhookFieldSet({
  webhook,
  chosen,
  onChoose,
}: {
  webhook?: Webhook;
  chosen: WebhookEvent[];
  onChoose: (events: WebhookEvent[]) => void;
}) {
  return (
    <>
      <TextField
        name="url"
        label="URL"
        description="Gets a POST of JSON for each event."
        placeholder="https://"
        defaultValue={webhook?.url ?? ""}
        isRequired
        autoFocus={!webhook}
      />
      <SecretField isNew={!webhook} />
      <TextField
        name="name"
        label="Name (optional)"
        description="A configuration file finds it by this name."
        defaultValue={webhook?.name ?? ""}
      />
      <TextField
        name="description"
        label="Description (optional)"
        defaultValue={webhook?.description ?? ""}
      />
      <CheckboxGroup<WebhookEvent>
        name="events"
        label="What it is told of"
        choices={chosen.includes("*") ? events.slice(0, 1) : events}
        value={chosen}
        onChange={(ids) => onChoose(ids.includes("*") ? ["*"] : ids)}
        isRequired
      />
      <TextField
        name="ca"
        label="Certificates of its authorities (PEM, optional)"
        description="Empty: the well-known ones."
        rows={2}
        defaultValue={webhook?.ca ?? ""}
      />
      <Checkbox
        name="enabled"
        label="Switched on"
        description="Off, nothing is sent, and what happens meanwhile is not told later."
        defaultSelected={webhook?.enabled ?? true}
      />
    </>
  );
}

/** A new webhook begins with a secret that was made here; of another it is replaced, or stays. */
function SecretField({ isNew }: { isNew: boolean }) {
  const [secret, setSecret] = useState(() => (isNew ? newSecret() : ""));
  return (
    <div>
      <TextField
        name="secret"
        label="Secret"
        description={
          isNew
            ? "The receiver checks signatures with it. Copy it now: nobody gets to see it again."
            : "Empty: it stays as it is."
        }
        value={secret}
        onChange={setSecret}
        autoComplete="off"
        isRequired={isNew}
      />
      <div className="row">
        <Button variant="quiet" icon="refresh" onPress={() => setSecret(newSecret())}>
          Make a new one
        </Button>
        {secret !== "" && <CopyButton text={secret} label="Copy secret" />}
      </div>
    </div>
  );
}
