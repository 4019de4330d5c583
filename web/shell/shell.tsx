import { type ReactNode, useState } from "react";
import { Modal, ModalOverlay, Dialog as AriaDialog } from "react-aria-components";
import { IconButton } from "../ui/button.tsx";
import { Link } from "../ui/link.tsx";
import { GroupSwitcher } from "./group-switcher.tsx";
import { Menu } from "./menu.tsx";
import { UserMenu } from "./user-menu.tsx";

/** What is around each screen: the menu at the side, or behind a button where there is no room for it. */
export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="shell">
      <a className="skip" href="#main">
        Skip to content
      </a>
      <header className="top">
        <Drawer />
        <Link to="/" className="brand">
          <Mark />
          Weir
        </Link>
        <GroupSwitcher />
        <UserMenu />
      </header>
      <aside className="side">
        <Menu />
      </aside>
      <main id="main" className="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

function Drawer() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <span className="drawer-button">
        <IconButton label="Menu" icon="menu" onPress={() => setOpen(true)} />
      </span>
      <ModalOverlay className="veil" isDismissable isOpen={isOpen} onOpenChange={setOpen}>
        <Modal className="drawer">
          <AriaDialog className="drawer-inner" aria-label="Menu">
            <IconButton label="Close the menu" icon="close" onPress={() => setOpen(false)} />
            <Menu onGo={() => setOpen(false)} />
          </AriaDialog>
        </Modal>
      </ModalOverlay>
    </>
  );
}

/** Water over a sill. */
export function Mark() {
  return (
    <svg className="mark" width="26" height="26" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="7" />
      <path d="M6 11c3 0 3 2.5 5 2.5S14 11 16 11s3 2.5 5 2.5S24 11 26 11M6 18h20M9 23v3M14 23v3M19 23v3M24 23v3" />
    </svg>
  );
}
