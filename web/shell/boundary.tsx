import { Component, type ReactNode } from "react";
import { Button } from "../ui/button.tsx";
import { ErrorNote } from "../ui/states.tsx";

/** What fails in a screen fails there: the menu stays. A part that is not there any more means that the server is a newer one. */
export class Boundary extends Component<{ children: ReactNode }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === undefined) return this.props.children;
    return (
      <ErrorNote title="This screen could not be shown" error={error}>
        <p>It may be that the server was updated, and this page is of the former version.</p>
        <Button icon="refresh" onPress={() => location.reload()}>
          Load the page anew
        </Button>
      </ErrorNote>
    );
  }
}
