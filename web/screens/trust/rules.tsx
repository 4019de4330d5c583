import { useAllGroups } from "../../api/places.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { CheckboxGroup } from "../../ui/checks.tsx";
import { ComboBox } from "../../ui/choices.tsx";
import { ClaimFields } from "./claim-fields.tsx";
import { newRule, type Road, type RuleDraft } from "./draft.ts";

const roads: { id: Road; label: string }[] = [
  { id: "registries", label: "The group's registries" },
  { id: "dependency_proxies", label: "Dependency Proxies of the group and those below" },
];

/** What tokens of the issuer open: the first rule that matches counts. */
export function Rules({
  rules,
  onChange,
}: {
  rules: readonly RuleDraft[];
  onChange: (rules: RuleDraft[]) => void;
}) {
  const { data: groups = [] } = useAllGroups();
  const put = (key: number, change: Partial<RuleDraft>) =>
    onChange(rules.map((rule) => (rule.key === key ? { ...rule, ...change } : rule)));
  const move = (index: number) =>
    onChange(
      rules.map((rule, i) => {
        if (i === index - 1) return rules[index] ?? rule;
        return i === index ? (rules[index - 1] ?? rule) : rule;
      }),
    );
  return (
    <fieldset className="rules">
      <legend>Rules</legend>
      <p className="description">
        The first rule that matches a token says what it may pull. In values * is any text without a
        slash, ** any text; a list is JSON: ["main", "release/*"].
      </p>
      {rules.map((rule, index) => (
        <div key={rule.key} className="rule">
          <div className="panel-head">
            <h3>Rule {index + 1}</h3>
            <div className="row">
              {index > 0 && (
                <IconButton
                  label={`Ask rule ${index + 1} earlier`}
                  icon="up"
                  onPress={() => move(index)}
                />
              )}
              {rules.length > 1 && (
                <IconButton
                  label={`Take rule ${index + 1} away`}
                  icon="trash"
                  onPress={() => onChange(rules.filter(({ key }) => key !== rule.key))}
                />
              )}
            </div>
          </div>
          <ClaimFields
            of={`rule ${index + 1}`}
            rows={rule.claims}
            onChange={(claims) => put(rule.key, { claims })}
          />
          <ComboBox
            name={`rules[${index}].group`}
            label="Opens what is of the group"
            inputValue={rule.group}
            onInputChange={(group) => put(rule.key, { group })}
            allowsCustomValue
            choices={groups.map(({ full_path: path }) => ({ id: path, label: path }))}
          />
          <CheckboxGroup<Road>
            name={`rules[${index}].pull`}
            label="May pull through"
            choices={roads}
            value={rule.pull}
            onChange={(pull) => put(rule.key, { pull })}
          />
        </div>
      ))}
      <div>
        <Button
          icon="plus"
          onPress={() => onChange([...rules, newRule(rules.at(-1)?.group ?? "")])}
        >
          Add rule
        </Button>
      </div>
    </fieldset>
  );
}
