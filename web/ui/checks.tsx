import {
  Checkbox as AriaCheckbox,
  CheckboxGroup as AriaCheckboxGroup,
  FieldError,
  Label,
  Text,
} from "react-aria-components";
import type { Choice } from "./choices.tsx";
import { Icon } from "./icons.tsx";

export interface CheckboxGroupProps<Id extends string> {
  label: string;
  /** The API's, so that the server's word about the list comes to stand here. */
  name: string;
  description?: string;
  choices: readonly (Choice & { id: Id })[];
  value: readonly Id[];
  onChange: (value: Id[]) => void;
  isRequired?: boolean;
}

/** Some of a few, each with what it means. */
export function CheckboxGroup<Id extends string>({
  label,
  description,
  choices,
  value,
  onChange,
  ...props
}: CheckboxGroupProps<Id>) {
  const changed = (ids: string[]) =>
    onChange(choices.map(({ id }) => id).filter((id) => ids.includes(id)));
  return (
    <AriaCheckboxGroup {...props} className="field" value={[...value]} onChange={changed}>
      <Label>{label}</Label>
      {description !== undefined && (
        <Text slot="description" className="description">
          {description}
        </Text>
      )}
      <div className="checks">
        {choices.map(({ id, label, description: more }) => (
          <AriaCheckbox key={id} value={id} className="checkbox">
            <span className="checkbox-box" aria-hidden="true">
              <Icon name="check" size={14} />
            </span>
            <span>
              {label}
              {more !== undefined && <span className="description check-text">{more}</span>}
            </span>
          </AriaCheckbox>
        ))}
      </div>
      <FieldError className="field-error" />
    </AriaCheckboxGroup>
  );
}
