/** What somebody has typed or pasted: an image, and the registry where its name tells one. */
export interface Typed {
  image: string;
  registry: number | undefined;
}

const ofRegistry = /(?:^|\/)virtual_registries\/container\/([1-9]\d{0,14})\/(.+)$/;

/** Takes whole names too, as clients have them: `docker://host/virtual_registries/container/1/library/alpine:3.20`. */
export function imageTyped(text: string): Typed {
  const image = text.trim().replace(/^[a-z]+:\/\//, "");
  const [, registry, rest = image] = ofRegistry.exec(image) ?? [];
  return { image: rest, registry: registry === undefined ? undefined : Number(registry) };
}
