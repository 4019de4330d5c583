import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ask, ifMatch, tagOfSeen } from "../../api/client.ts";
import { Button } from "../../ui/button.tsx";
import { ConfirmDialog, Dialog } from "../../ui/dialog.tsx";
import { Badge } from "../../ui/pieces.tsx";
import { Loaded } from "../../ui/states.tsx";
import { type Column, Table } from "../../ui/table.tsx";
import { toast } from "../../ui/toast.tsx";
import { registriesChanged } from "../registries/queries.ts";
import { ChangeRule, getRule, pathOf, type UpstreamRule } from "./change-rule.tsx";
import { type Rule, RuleForm } from "./rule-form.tsx";

/** Which names the upstream is asked for. */
export function Rules({ upstreamId, mayChange }: { upstreamId: number; mayChange: boolean }) {
  const rules = useQuery({
    queryKey: ["upstream", upstreamId, "rules"],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/api/v4/virtual_registries/container/upstreams/{id}/rules", {
          params: { path: { id: upstreamId } },
          signal,
        }),
      ),
  });
  return (
    <>
      <p className="muted">
        What a “deny” fits is never asked for. Where there are “allow” rules for repositories, or
        for tags, only what one of them fits is.
      </p>
      <Loaded query={rules} height="6rem">
        {(rows) => (
          <Table
            label="Rules"
            columns={mayChange ? [...columns, actions] : columns}
            rows={rows}
            rowKey={({ id }) => id}
            empty="No rules: it is asked for every name."
          />
        )}
      </Loaded>
      {mayChange && (
        <div className="row">
          <AddRule upstreamId={upstreamId} />
        </div>
      )}
    </>
  );
}

const columns: readonly Column<UpstreamRule>[] = [
  {
    id: "effect",
    name: "Effect",
    cell: ({ effect }) => (
      <Badge tone={effect === "allow" ? "good" : "bad"}>
        {effect === "allow" ? "Allow" : "Deny"}
      </Badge>
    ),
  },
  {
    id: "target",
    name: "Of",
    cell: ({ target }) => (target === "tag" ? "Tags" : "Repositories"),
  },
  {
    id: "pattern",
    name: "Pattern",
    isName: true,
    cell: ({ pattern }) => <code className="breaking">{pattern}</code>,
  },
];

const actions: Column<UpstreamRule> = {
  id: "actions",
  name: "Change or remove",
  isHeadless: true,
  cell: (rule) => (
    <div className="row">
      <ChangeRule rule={rule} />
      <RemoveRule rule={rule} />
    </div>
  ),
};

function AddRule({ upstreamId }: { upstreamId: number }) {
  const [isOpen, setOpen] = useState(false);
  const add = useMutation({
    mutationFn: (body: Rule) =>
      ask(
        api.POST("/api/v4/virtual_registries/container/upstreams/{id}/rules", {
          params: { path: { id: upstreamId } },
          body,
        }),
      ),
    onSuccess: async () => {
      setOpen(false);
      toast("The rule is added. It counts from now on.");
      await registriesChanged();
    },
  });
  return (
    <>
      <Button icon="plus" onPress={() => setOpen(true)}>
        Add a rule
      </Button>
      <Dialog title="Add a rule" isOpen={isOpen} onOpenChange={setOpen}>
        {(close) => (
          <RuleForm
            action="Add rule"
            isPending={add.isPending}
            error={add.error}
            onSubmit={(rule) => add.mutate(rule)}
            onCancel={close}
          />
        )}
      </Dialog>
    </>
  );
}

function RemoveRule({ rule }: { rule: UpstreamRule }) {
  const { effect, target, pattern } = rule;
  const remove = async () => {
    const tag = await tagOfSeen({ effect, target, pattern }, getRule(rule));
    await ask(
      api.DELETE("/api/v4/virtual_registries/container/upstreams/{id}/rules/{rule_id}", {
        params: { path: pathOf(rule) },
        headers: ifMatch(tag),
      }),
    );
    toast("The rule is removed.");
    await registriesChanged();
  };
  return (
    <ConfirmDialog
      title="Remove this rule?"
      action="Remove rule"
      trigger={
        <Button variant="quiet" aria-label={`Remove the rule ${rule.pattern}`}>
          Remove
        </Button>
      }
      onConfirm={remove}
    >
      <p>
        {rule.effect === "deny"
          ? "What it fits can be pulled from then on, where no other rule is against it: "
          : "What it fits may not be asked for any more, or everything may, where it is the last “allow”: "}
        <code className="breaking">{rule.pattern}</code>
      </p>
    </ConfirmDialog>
  );
}
