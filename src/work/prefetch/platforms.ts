/** What `linux/arm64` means where a variant is left out (OCI image-spec, "Platform Variants"). */
const defaults: Readonly<Record<string, string>> = { arm64: "v8", arm: "v7" };

/** Every member of an index, those included that are for no platform. */
export const allPlatforms = "all";

/** Whether one of these platforms, `os/architecture[/variant]` or `all`, is the member's. */
export function isWanted(wanted: readonly string[], platform: string | undefined): boolean {
  return wanted.some((one) => one === allPlatforms || covers(one, platform ?? ""));
}

/** Without a variant all of them are meant. */
function covers(wanted: string, platform: string): boolean {
  const [os, architecture = "", variant] = wanted.split("/");
  const [memberOs, memberArchitecture = "", memberVariant] = platform.split("/");
  if (os !== memberOs || architecture !== memberArchitecture) return false;
  return variant === undefined || variant === (memberVariant ?? defaults[architecture]);
}
