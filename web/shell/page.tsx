import { type ReactNode, useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { Icon } from "../ui/icons.tsx";
import { Link } from "../ui/link.tsx";

export interface Crumb {
  title: string;
  to: string;
}

export interface PageProps {
  /** What one is at: heading, and title of the window. */
  title: string;
  /** What it is within, the widest first. */
  crumbs?: readonly Crumb[];
  /** What can be done here. */
  actions?: ReactNode;
  description?: ReactNode;
  children: ReactNode;
}

/** Where one has come from; nothing at first. */
let former: string | undefined;

/** The frame of each screen. Whoever comes from another one has the focus on its heading, as after loading a page. */
export function Page({ title, crumbs = [], actions, description, children }: PageProps) {
  const [location] = useLocation();
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (former !== undefined && former !== location) {
      heading.current?.focus();
      window.scrollTo(0, 0);
    }
    former = location;
  }, [location]);
  return (
    <div className="page">
      <title>{`${title} · Weir`}</title>
      <header className="page-head">
        {crumbs.length > 0 && (
          <nav aria-label="Breadcrumbs">
            <ol className="crumbs small">
              {crumbs.map(({ title: above, to }) => (
                <li key={to}>
                  <Link to={to}>
                    <bdi>{above}</bdi>
                  </Link>
                  <Icon name="right" size={14} />
                </li>
              ))}
            </ol>
          </nav>
        )}
        <div className="page-title">
          <h1 ref={heading} tabIndex={-1}>
            <bdi>{title}</bdi>
          </h1>
          {actions !== undefined && <div className="row">{actions}</div>}
        </div>
        {description !== undefined && <p className="muted">{description}</p>}
      </header>
      {children}
    </div>
  );
}
