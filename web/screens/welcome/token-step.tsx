import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { usePullHost } from "../../api/address.ts";
import { api, ask } from "../../api/client.ts";
import { queries } from "../../api/queries.ts";
import { me } from "../../api/session.ts";
import { useStore } from "../../api/store.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/choices.tsx";
import { CodeBlock } from "../../ui/code.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";
import { Copyable, Panel } from "../../ui/pieces.tsx";
import { setups, shellWord } from "../registries/clients.ts";

interface TokenStepProps {
  registryId: number;
  /** That was made here; it is shown for as long as the page is open. */
  token: string | undefined;
  onMade: (token: string) => void;
  onBack: () => void;
  onNext: () => void;
}

const dayMs = 86_400_000;
const lives = [
  { id: "30", label: "30 days" },
  { id: "90", label: "90 days" },
  { id: "364", label: "A year" },
];

/** A token that may pull, and nothing else. */
export function TokenStep({ registryId, token, onMade, onBack, onNext }: TokenStepProps) {
  return (
    <Panel title="A token for pulling">
      {token === undefined ? (
        <MakeToken onMade={onMade} onBack={onBack} onNext={onNext} />
      ) : (
        <Made registryId={registryId} token={token} onBack={onBack} onNext={onNext} />
      )}
    </Panel>
  );
}

function MakeToken({ onMade, onBack, onNext }: Omit<TokenStepProps, "token" | "registryId">) {
  const [days, setDays] = useState("90");
  const make = useMutation({
    mutationFn: (name: string) =>
      ask(
        api.POST("/api/v4/personal_access_tokens", {
          body: { name, scopes: ["read_virtual_registry"], expires_at: dayIn(Number(days)) },
        }),
      ),
    onSuccess: async ({ token }) => {
      onMade(token);
      await queries.invalidateQueries({ queryKey: ["personal_access_tokens"] });
    },
  });
  return (
    <>
      <p className="muted">
        Clients log in with it. It may pull, as you may, and nothing else; it can be revoked at any
        time.
      </p>
      <Form
        action="Make a token"
        isPending={make.isPending}
        error={make.error}
        onSubmit={({ name = "" }) => make.mutate(name)}
        beside={
          <>
            <Button onPress={onNext}>I have one</Button>
            <Button variant="quiet" onPress={onBack}>
              Back
            </Button>
          </>
        }
      >
        <TextField name="name" label="Name" defaultValue="first pull" isRequired />
        <Select
          label="Ends after"
          description="Where you have signed in by a token, it ends with that one at the latest."
          choices={lives}
          value={days}
          onChange={setDays}
        />
      </Form>
    </>
  );
}

const dayIn = (days: number) => new Date(Date.now() + days * dayMs).toISOString().slice(0, 10);

function Made({
  registryId,
  token,
  onBack,
  onNext,
}: Omit<TokenStepProps, "onMade"> & { token: string }) {
  const at = usePullHost();
  const username = useStore(me)?.user.username ?? "ci";
  const [docker] = setups({ at, registryId, image: "", username, token: shellWord(token) });
  const login = docker?.snippets.find(({ text }) => text.includes(" login "));
  return (
    <>
      <p>
        <strong>Copy it now.</strong> Only a hash of it is stored: it is never shown again after you
        leave this page.
      </p>
      <Copyable text={token} />
      {login && <CodeBlock title="Log in with Docker" text={login.text} />}
      <div className="row">
        <Button variant="primary" onPress={onNext}>
          Next: the first pull
        </Button>
        <Button variant="quiet" onPress={onBack}>
          Back
        </Button>
      </div>
    </>
  );
}
