import type { ReactNode } from "react";
import { Link as RouteLink } from "wouter";

export interface LinkProps {
  to: string;
  className?: string;
  /** Whether it leads to where one is. */
  isHere?: boolean;
  children: ReactNode;
}

/** To another place of the console. */
export function Link({ to, className, isHere = false, children }: LinkProps) {
  return (
    <RouteLink
      href={to}
      {...(className !== undefined && { className })}
      {...(isHere && { "aria-current": "page" })}
    >
      {children}
    </RouteLink>
  );
}
