import { type ReactNode, useState } from "react";
import type { components } from "../../api/schema.ts";
import { Button } from "../../ui/button.tsx";
import { Select } from "../../ui/choices.tsx";
import { TextField } from "../../ui/fields.tsx";
import { Form } from "../../ui/form.tsx";

export type Rule = components["schemas"]["Rule"];

const effects = [
  { id: "deny", label: "Deny", description: "What it fits is never asked for." },
  { id: "allow", label: "Allow", description: "Only what such a rule fits is asked for." },
];

const targets = [
  { id: "repository", label: "Repositories", description: "As the upstream calls them." },
  { id: "tag", label: "Tags" },
];

export function RuleForm({
  action,
  rule,
  isPending,
  error,
  onSubmit,
  onCancel,
  onReload,
  news,
}: {
  action: string;
  /** What it is now. */
  rule?: Rule;
  isPending: boolean;
  error: unknown;
  onSubmit: (rule: Rule) => void;
  onCancel: () => void;
  onReload?: () => void;
  /** What others have made of it meanwhile. */
  news?: ReactNode;
}) {
  const [effect, setEffect] = useState<string>(rule?.effect ?? "deny");
  const [target, setTarget] = useState<string>(rule?.target ?? "repository");
  return (
    <Form
      action={action}
      isPending={isPending}
      error={error}
      onSubmit={({ pattern = "" }) =>
        onSubmit({
          effect: effect === "allow" ? "allow" : "deny",
          target: target === "tag" ? "tag" : "repository",
          pattern: pattern.trim(),
        })
      }
      beside={<Button onPress={onCancel}>Cancel</Button>}
      {...(onReload && { onReload })}
    >
      <Select label="Effect" choices={effects} value={effect} onChange={setEffect} />
      <Select label="Of" choices={targets} value={target} onChange={setTarget} />
      <TextField
        name="pattern"
        label="Pattern"
        defaultValue={rule?.pattern ?? ""}
        placeholder="library/**"
        description="* stands for any text without a slash, ** for any text."
        autoComplete="off"
        isRequired
      />
      {news}
    </Form>
  );
}
