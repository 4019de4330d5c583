import type { ReactNode } from "react";
import {
  Checkbox as AriaCheckbox,
  FieldError,
  Input,
  Label,
  SearchField as AriaSearchField,
  Switch as AriaSwitch,
  Text,
  TextArea,
  TextField as AriaTextField,
  type TextFieldProps as AriaTextFieldProps,
} from "react-aria-components";
import { IconButton } from "./button.tsx";
import { Icon } from "./icons.tsx";

export interface TextFieldProps extends Omit<AriaTextFieldProps, "children"> {
  label: string;
  /** What somebody who fills it in should know. */
  description?: ReactNode;
  placeholder?: string;
  /** More than one line. */
  rows?: number;
}

/** `name` is the API's, so that the server's word about the field comes to stand at it. */
export function TextField({ label, description, placeholder, rows, ...props }: TextFieldProps) {
  return (
    <AriaTextField {...props} className="field">
      <Label>{label}</Label>
      {rows === undefined ? (
        <Input className="input" placeholder={placeholder ?? ""} dir="auto" />
      ) : (
        <TextArea className="input" placeholder={placeholder ?? ""} rows={rows} dir="auto" />
      )}
      {description !== undefined && (
        <Text slot="description" className="description">
          {description}
        </Text>
      )}
      <FieldError className="field-error" />
    </AriaTextField>
  );
}

export interface SearchFieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  placeholder?: string;
}

/** As one types: what is asked for belongs to a `useSettled` value. */
export function SearchField({ label, value, onChange, placeholder = "" }: SearchFieldProps) {
  return (
    <AriaSearchField value={value} onChange={onChange} aria-label={label} className="search">
      <Icon name="search" size={18} />
      <Input className="input" placeholder={placeholder || label} dir="auto" />
      {value !== "" && <IconButton label="Clear" icon="close" />}
    </AriaSearchField>
  );
}

interface Toggle {
  label: ReactNode;
  name?: string;
  description?: ReactNode;
  isSelected?: boolean;
  defaultSelected?: boolean;
  isDisabled?: boolean;
  onChange?: (isSelected: boolean) => void;
}

/** For what counts at once. */
export function Switch({ label, description, ...props }: Toggle) {
  return (
    <div className="field">
      <AriaSwitch {...props} className="switch">
        <span className="switch-track" aria-hidden="true" />
        {label}
      </AriaSwitch>
      {description !== undefined && <p className="description">{description}</p>}
    </div>
  );
}

/** For what counts when the form is sent. */
export function Checkbox({ label, description, ...props }: Toggle) {
  return (
    <div className="field">
      <AriaCheckbox {...props} className="checkbox">
        <span className="checkbox-box" aria-hidden="true">
          <Icon name="check" size={14} />
        </span>
        {label}
      </AriaCheckbox>
      {description !== undefined && <p className="description">{description}</p>}
    </div>
  );
}
