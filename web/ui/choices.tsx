import type { ReactNode } from "react";
import {
  Button as AriaButton,
  ComboBox as AriaComboBox,
  FieldError,
  Input,
  type Key,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Select as AriaSelect,
  SelectValue,
  Text,
} from "react-aria-components";
import { Icon } from "./icons.tsx";

export interface Choice {
  id: string;
  /** As text, for who types to find it. */
  label: string;
  description?: string;
}

interface Common {
  label: string;
  name?: string;
  description?: ReactNode;
  choices: readonly Choice[];
  isRequired?: boolean;
  isDisabled?: boolean;
}

export interface SelectProps extends Common {
  value?: string;
  defaultValue?: string;
  onChange?: (id: string) => void;
}

/** One of a few. */
export function Select({ label, description, choices, onChange, ...props }: SelectProps) {
  const changed = onChange && {
    onChange: (key: Key | null) => key !== null && onChange(String(key)),
  };
  return (
    <AriaSelect {...props} {...changed} className="field">
      <Label>{label}</Label>
      <AriaButton className="input select-button">
        <SelectValue />
        <Icon name="down" size={16} />
      </AriaButton>
      <Described>{description}</Described>
      <Choices choices={choices} />
    </AriaSelect>
  );
}

export interface ComboBoxProps extends Common {
  /** What is typed; with it the caller narrows `choices` himself. */
  inputValue?: string;
  onInputChange?: (text: string) => void;
  onChoose?: (id: string | null) => void;
  /** What is chosen at first. */
  chosen?: string;
  /** Whether what is typed counts where it is none of the choices. */
  allowsCustomValue?: boolean;
  /** Whether choices for what is typed are still to come: without one, the list would not open, nor when they have come. */
  isSearching?: boolean;
}

/** One of many, found by typing. */
export function ComboBox({
  label,
  description,
  choices,
  onChoose,
  chosen: first,
  isSearching = false,
  ...props
}: ComboBoxProps) {
  const chosen = onChoose && {
    onSelectionChange: (key: Key | null) => onChoose(key === null ? null : String(key)),
  };
  return (
    <AriaComboBox
      {...props}
      {...chosen}
      {...(first !== undefined && { defaultSelectedKey: first })}
      className="field"
      menuTrigger="focus"
      allowsEmptyCollection={isSearching}
    >
      <Label>{label}</Label>
      <div className="combo">
        <Input className="input" dir="auto" />
        <AriaButton className="button quiet">
          <Icon name="down" size={16} />
        </AriaButton>
      </div>
      <Described>{description}</Described>
      <Choices choices={choices} />
    </AriaComboBox>
  );
}

function Described({ children }: { children: ReactNode }) {
  return (
    <>
      {children !== undefined && (
        <Text slot="description" className="description">
          {children}
        </Text>
      )}
      <FieldError className="field-error" />
    </>
  );
}

function Choices({ choices }: { choices: readonly Choice[] }) {
  return (
    <Popover className="popover">
      <ListBox
        className="list-box"
        items={choices}
        renderEmptyState={() => <p className="table-empty">Searching…</p>}
      >
        {({ label, description }: Choice) => (
          <ListBoxItem textValue={label} className="list-box-item">
            <bdi>{label}</bdi>
            {description !== undefined && <span className="description">{description}</span>}
          </ListBoxItem>
        )}
      </ListBox>
    </Popover>
  );
}
