import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask } from "../../api/client.ts";
import type { components } from "../../api/schema.ts";
import type { Me } from "../../api/session.ts";
import { Button } from "../../ui/button.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form, type Values } from "../../ui/form.tsx";
import { Loaded } from "../../ui/states.tsx";

type Methods = components["schemas"]["SignInMethods"];

interface SignInFormProps {
  onSignedIn: (me: Me) => void;
  /** Whether to go to identity providers, which leaves the page. */
  isElsewhereOffered?: boolean;
}

/** Every way in that the server has. */
export function SignInForm(props: SignInFormProps) {
  const methods = useQuery({
    queryKey: ["session", "methods"],
    queryFn: ({ signal }) => ask(api.GET("/api/v4/session/methods", { signal })),
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Loaded query={methods} height="15.5rem">
      {(known) => <Ways methods={known} {...props} />}
    </Loaded>
  );
}

function Ways({
  methods,
  onSignedIn,
  isElsewhereOffered = true,
}: SignInFormProps & { methods: Methods }) {
  const { password, providers } = methods;
  const [isByToken, setByToken] = useState(!password);
  const signIn = useMutation({
    mutationFn: (body: Values) => ask(api.POST("/api/v4/session", { body })),
    onSuccess: onSignedIn,
  });
  const isElsewhere = isElsewhereOffered && providers.length > 0;
  return (
    <div className="stack">
      {isElsewhere && <Providers providers={providers} />}
      <Form
        action="Sign in"
        onSubmit={(values) => signIn.mutate(values)}
        isPending={signIn.isPending}
        error={signIn.error}
      >
        {isByToken ? <TokenField /> : <PasswordFields />}
      </Form>
      {password && (
        <Button
          variant="quiet"
          onPress={() => {
            signIn.reset();
            setByToken(!isByToken);
          }}
        >
          {isByToken ? "Use a name and password instead" : "Use an access token instead"}
        </Button>
      )}
    </div>
  );
}

function PasswordFields() {
  return (
    <>
      <TextField
        name="username"
        label="User name or e-mail address"
        autoComplete="username"
        isRequired
        autoFocus
      />
      <TextField
        name="password"
        label="Password"
        type="password"
        autoComplete="current-password"
        validate={(text) =>
          isToken(text) ? "This is an access token: use the button below." : null
        }
        isRequired
      />
    </>
  );
}

/** What the first start prints is the password of clients, and not here. */
const isToken = (text: string) => text.startsWith("weir_pat_");

function TokenField() {
  return (
    <TextField
      name="token"
      label="Access token"
      description="With the scope api. The first start of the server has printed one for the administrator."
      type="password"
      autoComplete="off"
      isRequired
      autoFocus
    />
  );
}

/** Links and not buttons: the way leads away from here, and back to this address. */
function Providers({ providers }: Pick<Methods, "providers">) {
  const back = new URLSearchParams({ return_to: location.pathname + location.search });
  return (
    <>
      {providers.map(({ name, title, path }) => (
        <a key={name} className="button" href={`${path}?${back}`}>
          Sign in with <bdi>{title}</bdi>
        </a>
      ))}
      <p className="or small muted">or</p>
    </>
  );
}
