import { Page } from "../../shell/page.tsx";
import { Panel } from "../../ui/pieces.tsx";
import { PasswordForm } from "./password-form.tsx";
import { Sessions } from "./sessions.tsx";

/** What is one's own: the password, and where one is signed in. */
export default function Account() {
  return (
    <Page title="Your account">
      <Panel title="Sessions">
        <Sessions />
      </Panel>
      <Panel title="Password">
        <PasswordForm />
      </Panel>
    </Page>
  );
}
