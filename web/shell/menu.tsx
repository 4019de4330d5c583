import { useLocation } from "wouter";
import { useGroup } from "../api/group.ts";
import { useRights } from "../api/rights.ts";
import { Link } from "../ui/link.tsx";
import { routes, sections } from "../routes.tsx";
import { Icon } from "../ui/icons.tsx";

/** The way to each screen that has an entry, and that one may see something at. */
export function Menu({ onGo }: { onGo?: () => void }) {
  const [location] = useLocation();
  const { group } = useGroup();
  const { is } = useRights(group);
  const entries = routes.flatMap(({ path, menu }) =>
    menu && is(menu.least ?? "stranger") ? [{ path, ...menu }] : [],
  );
  const filled = sections.filter((section) => entries.some((entry) => entry.section === section));
  return (
    <nav className="menu" aria-label="Console" onClick={onGo}>
      {filled.map((section) => (
        <div key={section}>
          <h2 className="menu-section small">{section}</h2>
          <ul className="menu-list">
            {entries
              .filter((entry) => entry.section === section)
              .map(({ path, title, icon }) => (
                <li key={path}>
                  <Link to={path} isHere={isWithin(location, path)}>
                    <Icon name={icon} />
                    {title}
                  </Link>
                </li>
              ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

const isWithin = (location: string, path: string) =>
  location === path || (path !== "/" && location.startsWith(`${path}/`));
