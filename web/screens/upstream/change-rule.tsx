import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, askTagged, ifMatch } from "../../api/client.ts";
import type { components } from "../../api/schema.ts";
import { Button } from "../../ui/button.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { type Edited, Editing, News } from "../../ui/editing.tsx";
import { toast } from "../../ui/toast.tsx";
import { registriesChanged } from "../registries/queries.ts";
import { type Rule, RuleForm } from "./rule-form.tsx";

export type UpstreamRule = components["schemas"]["UpstreamRule"];

export const pathOf = ({ id, upstream_id }: UpstreamRule) => ({ id: upstream_id, rule_id: id });

export const getRule = (rule: UpstreamRule, signal?: AbortSignal) =>
  api.GET("/api/v4/virtual_registries/container/upstreams/{id}/rules/{rule_id}", {
    params: { path: pathOf(rule) },
    ...(signal && { signal }),
  });

const words = { effect: "Effect", target: "Of", pattern: "Pattern" };

function ChangeForm({ edited, close }: { edited: Edited<UpstreamRule>; close: () => void }) {
  const { first, tag, reload } = edited;
  const change = useMutation({
    mutationFn: (body: Rule) =>
      ask(
        api.PATCH("/api/v4/virtual_registries/container/upstreams/{id}/rules/{rule_id}", {
          params: { path: pathOf(first) },
          headers: ifMatch(tag),
          body,
        }),
      ),
    onSuccess: async () => {
      close();
      toast("The rule is changed. It counts from now on.");
      await registriesChanged();
    },
  });
  return (
    <RuleForm
      action="Save rule"
      rule={first}
      isPending={change.isPending}
      error={change.error}
      onSubmit={(body) => change.mutate(body)}
      onCancel={close}
      onReload={reload}
      news={<News edited={edited} words={words} />}
    />
  );
}

export function ChangeRule({ rule }: { rule: UpstreamRule }) {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button
        variant="quiet"
        aria-label={`Change the rule ${rule.pattern}`}
        onPress={() => setOpen(true)}
      >
        Change
      </Button>
      <Dialog title="Change the rule" isOpen={isOpen} onOpenChange={setOpen}>
        {(close) => (
          <Editing
            queryKey={["rule", rule.upstream_id, rule.id]}
            read={(signal) => askTagged(getRule(rule, signal))}
            height="14rem"
          >
            {(edited) => <ChangeForm edited={edited} close={close} />}
          </Editing>
        )}
      </Dialog>
    </>
  );
}
