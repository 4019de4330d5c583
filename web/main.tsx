import { QueryClientProvider } from "@tanstack/react-query";
import { createRoot } from "react-dom/client";
import { I18nProvider, RouterProvider } from "react-aria-components";
import { useLocation } from "wouter";
import { queries } from "./api/queries.ts";
import { App } from "./shell/app.tsx";
import { applyTheme } from "./theme.ts";

/** What React Aria's own links and menus lead to is a place of the console as well. */
function Root() {
  const [, navigate] = useLocation();
  return (
    <RouterProvider navigate={navigate}>
      <App />
    </RouterProvider>
  );
}

const root = document.querySelector("#root");
if (!root) throw new Error("the page has no #root");
applyTheme();
createRoot(root).render(
  <QueryClientProvider client={queries}>
    <I18nProvider locale="en-GB">
      <Root />
    </I18nProvider>
  </QueryClientProvider>,
);
