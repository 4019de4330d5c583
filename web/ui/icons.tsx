const paths = {
  overview: "M4 20V10m5 10V4m5 16v-7m5 7V8",
  registries: "M4 5h16v6H4zM4 14h16v5H4zM8 8h.01M8 16.5h.01",
  cache: "M12 3l8 4-8 4-8-4zM4 12l8 4 8-4M4 16.5l8 4 8-4",
  prefetch: "M12 4v11m0 0-4-4m4 4 4-4M5 19h14",
  explain: "M5 5v6a4 4 0 0 0 4 4h10m0 0-4-4m4 4-4 4",
  live: "M3 12h4l3-8 4 16 3-8h4",
  token: "M15 9a4 4 0 1 0-3.5 4L8 16.5V19H5.5v2H3v-3l6-6",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM3 20c0-3.5 2.5-6 6-6s6 2.5 6 6M16 4.5a3.5 3.5 0 0 1 0 6.5M17.5 14.5c2.2.8 3.5 2.9 3.5 5.5",
  groups: "M4 7h6l2 2h8v10H4zM8 13h8",
  webhook: "M4 12h10m0 0-4-4m4 4-4 4M17 5h3v14h-3",
  audit: "M6 3h9l4 4v14H6zM14 3v5h5M9 12h7M9 16h7",
  policies: "M5 6h9m4 0h1M5 12h3m4 0h7M5 18h9m4 0h1M16 4v4M10 10v4M16 16v4",
  server: "M4 4h16v7H4zM4 13h16v7H4zM8 7.5h.01M8 16.5h.01M12 7.5h5M12 16.5h5",
  account: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3.5-7 8-7s8 3 8 7",
  menu: "M4 6h16M4 12h16M4 18h16",
  close: "M6 6l12 12M18 6 6 18",
  down: "M6 9l6 6 6-6",
  up: "M6 15l6-6 6 6",
  right: "M9 6l6 6-6 6",
  check: "M5 12.5 10 17.5 19 7",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l4.5 4.5",
  plus: "M12 5v14M5 12h14",
  trash: "M4 7h16M10 11v6M14 11v6M6 7l1 13h10l1-13M9 7V4h6v3",
  edit: "M4 20h4L19 9l-4-4L4 16zM13 7l4 4",
  refresh: "M20 11a8 8 0 1 0-2 6M20 5v6h-6",
  grip: "M9 6h.01M15 6h.01M9 12h.01M15 12h.01M9 18h.01M15 18h.01",
  warn: "M12 4 2.5 20h19zM12 10v4M12 17h.01",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  empty: "M4 13 6.5 5h11L20 13v6H4zM4 13h5a3 3 0 0 0 6 0h5",
} as const;

export type IconName = keyof typeof paths;

/** Beside words that say the same, so it is nothing to a screen reader. */
export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
