import { EmptyState } from "../ui/states.tsx";
import { Link } from "../ui/link.tsx";
import { Page } from "./page.tsx";

export function NotFound() {
  return (
    <Page title="Not found">
      <EmptyState
        title="There is nothing at this address"
        action={<Link to="/">To the overview</Link>}
      >
        It may be misspelt, or what was here has been deleted.
      </EmptyState>
    </Page>
  );
}
