import { useState } from "react";
import type { Group } from "../../api/group.ts";
import { Select } from "../../ui/choices.tsx";
import { Checkbox, TextField } from "../../ui/fields.tsx";
import type { Values } from "../../ui/form.tsx";
import { DryRun } from "./dry-run.tsx";
import type { CleanupFields } from "./queries.ts";

const cadences = [1, 7, 14, 30, 90] as const;
export const defaults = {
  enabled: false,
  keep_n_days_after_download: 30,
  cadence: 7,
  notify_on_success: false,
  notify_on_failure: false,
} as const;

export function CleanupFieldSet({
  group,
  policy,
}: {
  group: Group;
  policy: Required<CleanupFields>;
}) {
  const [days, setDays] = useState(String(policy.keep_n_days_after_download));
  return (
    <>
      <Checkbox
        name="enabled"
        label="Switched on"
        defaultSelected={policy.enabled}
        description="Each change puts the next run off to a whole interval from then: time to look at it once more."
      />
      <TextField
        name="keep_n_days_after_download"
        label="Delete what was not pulled for so many days"
        value={days}
        onChange={setDays}
        inputMode="numeric"
        isRequired
        description="1 to 365"
      />
      <DryRun key={days} group={group} days={days} />
      <Select
        name="cadence"
        label="Runs"
        defaultValue={String(policy.cadence)}
        choices={cadences.map((days) => ({
          id: String(days),
          label: days === 1 ? "Every day" : `Every ${days} days`,
        }))}
      />
      <Checkbox
        name="notify_on_success"
        label="Put runs that succeed on the audit log"
        defaultSelected={policy.notify_on_success}
      />
      <Checkbox
        name="notify_on_failure"
        label="Put runs that fail on the audit log"
        defaultSelected={policy.notify_on_failure}
      />
    </>
  );
}

/** What is no number goes as it is not: the server has the words for it. */
export function fieldsOf(values: Values): CleanupFields {
  const { keep_n_days_after_download: days = "", cadence } = values;
  return {
    enabled: values["enabled"] !== undefined,
    keep_n_days_after_download: days.trim() === "" ? Number.NaN : Number(days),
    cadence: cadences.find((each) => String(each) === cadence) ?? defaults.cadence,
    notify_on_success: values["notify_on_success"] !== undefined,
    notify_on_failure: values["notify_on_failure"] !== undefined,
  };
}
