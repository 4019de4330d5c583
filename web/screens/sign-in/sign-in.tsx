import { queries } from "../../api/queries.ts";
import { signedIn } from "../../api/session.ts";
import { Mark } from "../../shell/shell.tsx";
import { SignInForm } from "./sign-in-form.tsx";

/** For whoever is nobody yet. The address stays: what was wanted is there afterwards. */
export function SignIn() {
  return (
    <main className="alone">
      <title>Sign in · Weir</title>
      <div className="sign-in">
        <div className="sign-in-head">
          <Mark />
          <h1>Sign in to Weir</h1>
        </div>
        <SignInForm
          onSignedIn={(now) => {
            queries.clear();
            signedIn(now);
          }}
        />
      </div>
    </main>
  );
}
