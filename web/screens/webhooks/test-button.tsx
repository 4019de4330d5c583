import { useMutation } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";
import { placeOf, type Webhook, webhooksChanged } from "./queries.ts";

/** Sends a message, once. */
export function TestButton({ group, webhook }: { group: Group; webhook: Webhook }) {
  const testing = useMutation({
    mutationFn: () =>
      ask(
        api.POST("/api/v4/groups/{id}/-/virtual_registries/webhooks/{webhook_id}/test", {
          params: placeOf(group, webhook.id),
        }),
      ),
    onSuccess: async () => {
      toast("A test is on its way; how it went is at the top of the list.");
      await webhooksChanged();
    },
  });
  return (
    <>
      {testing.error && <ErrorNote title="No test was sent" error={testing.error} />}
      <Button isPending={testing.isPending} onPress={() => testing.mutate()}>
        Send a test
      </Button>
    </>
  );
}
