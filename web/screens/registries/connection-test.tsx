import { useMutation } from "@tanstack/react-query";
import type { components } from "../../api/schema.ts";
import { Button } from "../../ui/button.tsx";
import { Icon } from "../../ui/icons.tsx";
import { ErrorNote } from "../../ui/states.tsx";
import { adviceFor } from "./advice.ts";

export type ConnectionResult = components["schemas"]["ConnectionResult"];

export interface ConnectionTestProps {
  /** Asks the server to try it. */
  run: () => Promise<ConnectionResult>;
  isDisabled?: boolean;
  /** At first, without being asked. */
  label?: string;
  /** A refusal is told by the form instead, at its fields. */
  onRefused?: (error: unknown) => void;
  onResult?: (result: ConnectionResult) => void;
}

/** Whether an upstream answers, in its own words, and what to do where it does not. */
export function ConnectionTest({
  run,
  isDisabled = false,
  label = "Test the connection",
  onRefused,
  onResult,
}: ConnectionTestProps) {
  const test = useMutation({
    mutationFn: run,
    onMutate: () => onRefused?.(null),
    onSuccess: (result) => onResult?.(result),
    onError: (error) => onRefused?.(error),
  });
  return (
    <div className="stack">
      <div className="row">
        <Button
          icon="live"
          isPending={test.isPending}
          isDisabled={isDisabled}
          onPress={() => test.mutate()}
        >
          <bdi>{label}</bdi>
        </Button>
      </div>
      <div role="status">{test.data && <Result result={test.data} />}</div>
      {test.error && !onRefused && <ErrorNote title="This was not tested" error={test.error} />}
    </div>
  );
}

function Result({ result: { success, result = "" } }: { result: ConnectionResult }) {
  if (success) {
    return (
      <div className="note good">
        <Icon name="check" size={18} />
        <div>
          <p className="note-title">It answers</p>
          <p>A registry is there, and it gives us what we ask for.</p>
        </div>
      </div>
    );
  }
  return (
    <div className="note bad">
      <Icon name="warn" size={18} />
      <div>
        <p className="note-title">It does not work</p>
        <p>
          <bdi>{result.replace(/^Error: /, "")}</bdi>
        </p>
        <p>{adviceFor(result)}</p>
      </div>
    </div>
  );
}
