import { Store } from "./api/store.ts";

export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

const key = "weir.theme";

const isTheme = (text: string | null): text is Theme => themes.some((theme) => theme === text);

function kept(): Theme {
  const text = localStorage.getItem(key);
  return isTheme(text) ? text : "system";
}

export const theme = new Store<Theme>(kept());

/** Puts the theme on the page, now and whenever another is chosen. */
export function applyTheme(): void {
  const apply = () => {
    document.documentElement.dataset["theme"] = theme.value;
  };
  apply();
  theme.subscribe(() => {
    localStorage.setItem(key, theme.value);
    apply();
  });
}
