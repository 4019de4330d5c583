import { reachable } from "../api/connection.ts";
import { useStore } from "../api/store.ts";

/** While the server does not answer. What is on the page stays, and is read anew when it does. */
export function Connection() {
  const isReachable = useStore(reachable);
  return (
    <div role="status">
      {!isReachable && (
        <p className="banner">
          <span className="spinner" aria-hidden="true" />
          The server does not answer. Trying again…
        </p>
      )}
    </div>
  );
}
