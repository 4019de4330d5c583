import { useQuery } from "@tanstack/react-query";
import { api, ask, askTagged, ifMatch } from "../../api/client.ts";
import type { Group } from "../../api/group.ts";
import { queries } from "../../api/queries.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog } from "../../ui/dialog.tsx";
import { Badge, Panel } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { toast } from "../../ui/toast.tsx";

const paramsOf = ({ id }: Group) => ({ path: { id: String(id) } });

/** The one switch for all of a group's registries. */
export function RegistriesSwitch({ group, mayChange }: { group: Group; mayChange: boolean }) {
  const queryKey = ["groups", "id", group.id, "virtual registries"];
  const settings = useQuery({
    queryKey,
    queryFn: ({ signal }) =>
      askTagged(
        api.GET("/api/v4/groups/{id}/-/virtual_registries/settings", {
          params: paramsOf(group),
          signal,
        }),
      ),
  });
  const set = async (enabled: boolean, tag: string) => {
    const body = { enabled };
    await ask(
      api.PUT("/api/v4/groups/{id}/-/virtual_registries/settings", {
        params: paramsOf(group),
        headers: ifMatch(tag),
        body,
      }),
    );
    await queries.invalidateQueries({ queryKey });
    toast(enabled ? "The registries are switched on." : "The registries are switched off.");
  };
  return (
    <Panel title="Registries of this group">
      <Loaded query={settings} height="3rem">
        {({ data: { enabled }, tag }) => (
          <div className="row">
            <Badge tone={enabled ? "good" : "bad"}>
              {enabled ? "Switched on" : "Switched off"}
            </Badge>
            {mayChange && (
              <ConfirmDialog
                title={enabled ? "Switch the registries off?" : "Switch the registries on?"}
                action={enabled ? "Switch off" : "Switch on"}
                trigger={<Button>{enabled ? "Switch off" : "Switch on"}</Button>}
                onConfirm={() => set(!enabled, tag)}
              >
                {enabled
                  ? "Every pull through a registry of the group is answered 404 from then on. Upstreams and what is cached are kept, and you can switch them on again."
                  : "Clients can pull through the registries of the group again."}
              </ConfirmDialog>
            )}
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
