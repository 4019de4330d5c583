import { useMutation } from "@tanstack/react-query";
import {
  Button as AriaButton,
  Header,
  Menu,
  MenuItem,
  MenuSection,
  MenuTrigger,
  Popover,
  Separator,
} from "react-aria-components";
import { api, ask } from "../api/client.ts";
import { queries } from "../api/queries.ts";
import { me, signedOut } from "../api/session.ts";
import { useStore } from "../api/store.ts";
import { theme, themes } from "../theme.ts";
import { Icon } from "../ui/icons.tsx";
import { toast } from "../ui/toast.tsx";

const titles = { system: "As the system", light: "Light", dark: "Dark" } as const;

/** Who is signed in, and what is his alone: how it looks, his sessions, the way out. */
export function UserMenu() {
  const known = useStore(me);
  const chosen = useStore(theme);
  const signOut = useMutation({
    mutationFn: () => ask(api.DELETE("/api/v4/session")),
    onSuccess: () => {
      signedOut();
      queries.clear();
    },
    onError: (error) => toast(`You are still signed in: ${error.message}`),
  });
  const name = known?.user.username ?? "";
  return (
    <MenuTrigger>
      <AriaButton className="button quiet user-button" aria-label={`Account of ${name}`}>
        <Icon name="account" />
        <bdi className="clipped user-name">{name}</bdi>
      </AriaButton>
      <Popover className="popover" placement="bottom end">
        <Menu className="list-box" aria-label="Account">
          <MenuItem className="list-box-item" href="/account">
            Your account
          </MenuItem>
          <Separator className="separator" />
          <MenuSection
            selectionMode="single"
            disallowEmptySelection
            selectedKeys={[chosen]}
            onSelectionChange={(keys) => {
              const [key] = keys === "all" ? [] : [...keys];
              const next = themes.find((one) => one === key);
              if (next) theme.set(next);
            }}
          >
            <Header className="menu-section small">Appearance</Header>
            {themes.map((one) => (
              <MenuItem key={one} id={one} className="list-box-item">
                {titles[one]}
              </MenuItem>
            ))}
          </MenuSection>
          <Separator className="separator" />
          <MenuItem className="list-box-item" onAction={() => signOut.mutate()}>
            Sign out
          </MenuItem>
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
