import { queries } from "../api/queries.ts";
import { expired, signedIn, signedOut } from "../api/session.ts";
import { useStore } from "../api/store.ts";
import { SignInForm } from "../screens/sign-in/sign-in-form.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";

/** Over whatever is being done when the session ends; afterwards it goes on, with all that was typed. */
export function SignInAgain() {
  const isOpen = useStore(expired);
  return (
    <Dialog title="Your session has ended" isOpen={isOpen} isDismissable={false}>
      <p className="muted">Sign in again to go on. What you have typed is kept.</p>
      <SignInForm
        onSignedIn={(now) => {
          // Of somebody else nothing of what is here is right.
          if (signedIn(now).isSame) void queries.invalidateQueries();
          else queries.clear();
        }}
        isElsewhereOffered={false}
      />
      <Button variant="quiet" onPress={signedOut}>
        Leave this page
      </Button>
    </Dialog>
  );
}
