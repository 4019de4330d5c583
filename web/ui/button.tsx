import type { ReactNode } from "react";
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  composeRenderProps,
  ProgressBar,
} from "react-aria-components";
import { Icon, type IconName } from "./icons.tsx";

export interface ButtonProps extends Omit<AriaButtonProps, "children"> {
  children?: ReactNode;
  /** `primary`: the one that a page is about; `danger`: what cannot be undone; `quiet`: beside other things. */
  variant?: "plain" | "primary" | "danger" | "quiet";
  icon?: IconName;
}

/** While `isPending` it stays where it is and cannot be pressed. */
export function Button({ variant = "plain", icon, children, ...props }: ButtonProps) {
  return (
    <AriaButton
      {...props}
      className={composeRenderProps(props.className, (more) => `button ${variant} ${more ?? ""}`)}
    >
      {icon && <Icon name={icon} size={18} />}
      {children}
      {/* React Aria announces it by this, when it begins. */}
      {props.isPending && <ProgressBar aria-label="Working" isIndeterminate className="spinner" />}
    </AriaButton>
  );
}

/** Nothing but an icon to see; `label` says what it does. */
export function IconButton({
  label,
  icon,
  ...props
}: Omit<ButtonProps, "children"> & { label: string; icon: IconName }) {
  return <Button variant="quiet" {...props} icon={icon} aria-label={label} />;
}
