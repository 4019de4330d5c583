import type { ReactNode } from "react";
import { Select } from "../../ui/choices.tsx";
import type { Draft } from "../../ui/draft.ts";
import { Checkbox, TextField } from "../../ui/fields.tsx";
import { labels, type UpstreamForm } from "./fields.ts";

type FieldsProps = Pick<Draft<UpstreamForm>, "values" | "set">;
type TextName = {
  [K in keyof UpstreamForm]: UpstreamForm[K] extends string ? K : never;
}[keyof UpstreamForm];

function Group({ title, children }: { title: string; children: ReactNode }) {
  return (
    <fieldset className="fieldset">
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}

function Text({
  values,
  set,
  name,
  ...props
}: FieldsProps & {
  name: TextName;
  description?: ReactNode;
  placeholder?: string;
  rows?: number;
  isRequired?: boolean;
}) {
  return (
    <TextField
      {...props}
      name={name}
      label={labels[name]}
      value={values[name]}
      onChange={(text) => set(name, text)}
      autoComplete="off"
    />
  );
}

export function ConnectionFields({
  isMoved,
  children,
  ...of
}: FieldsProps & {
  /** Whether another address is typed. */
  isMoved: boolean;
  /** Below the address. */
  children: ReactNode;
}) {
  return (
    <Group title="Connection">
      <Text {...of} name="name" isRequired />
      <Text {...of} name="description" />
      <Text
        {...of}
        name="url"
        isRequired
        description={
          isMoved
            ? "Another address: what is cached goes with the former one, and so does the login."
            : "Where the registry is, without /v2."
        }
      />
      {children}
      <Text
        {...of}
        name="ca"
        rows={3}
        description="In PEM, of the authority behind its certificate; empty where that is a well-known one."
      />
      <Text
        {...of}
        name="token_realm"
        placeholder="https://auth.example.com/token"
        description="The only token service of another origin that is given the login. Empty for most."
      />
    </Group>
  );
}

export function FreshnessFields(of: FieldsProps) {
  return (
    <Group title="Freshness and space">
      <Text
        {...of}
        name="cache_validity_hours"
        isRequired
        description="So long a tag is served without asking the upstream. 0: for ever. Digests never change."
      />
      <Text
        {...of}
        name="stale_if_absent_hours"
        isRequired
        description="So long a cached tag is served after the upstream has it no more."
      />
      <Checkbox
        name="stale_while_revalidate"
        label={labels.stale_while_revalidate}
        description="A tag that is due is served at once, and checked after that: faster, and once older than it should be."
        isSelected={of.values.stale_while_revalidate}
        onChange={(is) => of.set("stale_while_revalidate", is)}
      />
      <Text
        {...of}
        name="cache_max_bytes"
        placeholder="no limit of its own"
        description="As 50 GB. What was not pulled for the longest time goes first. Empty: no limit of its own."
      />
    </Group>
  );
}

const deniedChoices = [
  {
    id: "absent",
    label: "It is not there",
    description:
      "The next upstream is asked: right for public registries, which deny what they lack.",
  },
  {
    id: "unsure",
    label: "Something is wrong",
    description: "The pull ends with an error: right where the login should open everything.",
  },
];

export function ChoosingFields(of: FieldsProps) {
  return (
    <Group title="Choosing">
      <Select
        name="denied_means"
        label={labels.denied_means}
        description="When it answers 401 or 403."
        choices={deniedChoices}
        value={of.values.denied_means}
        onChange={(choice) => of.set("denied_means", choice)}
      />
      <Checkbox
        name="library_prefix"
        label={labels.library_prefix}
        description="As Docker Hub has it: alpine is library/alpine."
        isSelected={of.values.library_prefix}
        onChange={(is) => of.set("library_prefix", is)}
      />
    </Group>
  );
}

const accessChoices = [
  {
    id: "shared",
    label: "Whoever may pull from its registries",
    description: "The login given here serves all of them.",
  },
  {
    id: "verified",
    label: "Members of one group",
    description: "For others it is as if it were not in the registry.",
  },
];

export function AccessFields(of: FieldsProps) {
  return (
    <Group title="Access">
      <Select
        name="access"
        label={labels.access}
        choices={accessChoices}
        value={of.values.access}
        onChange={(choice) => of.set("access", choice)}
      />
      {of.values.access === "verified" && (
        <Text
          {...of}
          name="verified_group"
          placeholder="acme/tools"
          description="The path of a group that you can see. Members of groups above it count."
        />
      )}
    </Group>
  );
}
