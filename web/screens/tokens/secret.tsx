import { usePullHost } from "../../api/address.ts";
import { Button } from "../../ui/button.tsx";
import { Copyable } from "../../ui/pieces.tsx";
import type { Kind, MadeToken } from "./kinds.ts";
import { canLogIn } from "./scopes.ts";

/** The one time that the secret of a token is shown. */
export function Secret({
  kind,
  token,
  onDone,
}: {
  kind: Kind;
  token: MadeToken;
  onDone: () => void;
}) {
  const { host } = usePullHost();
  return (
    <div className="stack">
      <p>
        Copy the token now: it is shown this once, and only its hash is kept. Whoever has it can use
        it.
      </p>
      <div className="stack token-secret">
        <Copyable text={token.secret} label="Copy token" />
        {canLogIn(kind, token.scopes) && (
          <>
            <p>Log a client in with it; it asks for the token as the password.</p>
            <Copyable
              text={`docker login ${host} --username ${token.username}`}
              label="Copy command"
            />
            {kind !== "deploy" && (
              <p className="small muted">Any user name will do with this kind of token.</p>
            )}
          </>
        )}
      </div>
      <div className="row">
        <Button variant="primary" onPress={onDone}>
          I have copied it
        </Button>
      </div>
    </div>
  );
}
