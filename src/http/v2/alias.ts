/** containerd puts `/v2` behind the path of a host that is set up without `override_path`. */
const aliasStart = "/virtual_registries/";
const alias = /^\/virtual_registries\/([^/]+)\/([^/]+)\/v2(\/.*)?$/;

/** Whether a path is under `/v2`, or under its alias. */
export function isV2Path(path: string): boolean {
  return path.startsWith("/v2/") || path === "/v2" || path.startsWith(aliasStart);
}

/** The path under `/v2` that is meant, so that each spelling is read, and judged, in one place. */
export function plainPath(path: string): string {
  if (!path.startsWith(aliasStart)) return path;
  const [whole, kind = "", id = "", rest = "/"] = alias.exec(path) ?? [];
  if (whole === undefined) return path;
  return rest === "/" ? "/v2/" : `/v2/virtual_registries/${kind}/${id}${rest}`;
}
