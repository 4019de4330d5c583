import { useMutation } from "@tanstack/react-query";
import { api, ask } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { Button } from "../../ui/button.tsx";
import { ErrorNote } from "../../ui/states.tsx";
import { Preview } from "../registries/purge.tsx";
import { groupParams } from "./queries.ts";

/** What a run would give up now with so many days, before anything is saved. */
export function DryRun({ group, days }: { group: Group; days: string }) {
  const looking = useMutation({
    mutationFn: () =>
      ask(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/cleanup/policy/preview", {
          params: {
            ...groupParams(group),
            query: { keep_n_days_after_download: Number(days) },
          },
        }),
      ),
  });
  return (
    <>
      <div className="row">
        <Button isPending={looking.isPending} onPress={() => looking.mutate()}>
          See what would go now
        </Button>
        <div role="status">{looking.data && <Preview preview={looking.data} />}</div>
      </div>
      {looking.error && <ErrorNote title="This cannot be looked at" error={looking.error} />}
    </>
  );
}
