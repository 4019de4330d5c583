import { $ } from "bun";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { environment, type Outcome, output, run } from "../processes.ts";
import { everythingRequired, type Need, tool } from "../tools.ts";

const top = path.join(import.meta.dir, "../../../..");

/** Takes minutes to build: where it must be there, this waits for it. */
export const cosign: Need = {
  name: "cosign",
  lacking: async () => {
    if (everythingRequired) await $`bash ${top}/scripts/build-go.sh cosign`.quiet();
    return await tool("cosign").lacking();
  },
};

const older = ["--new-bundle-format=false", "--use-signing-config=false", "--tlog-upload=false"];

/** How a signature is kept beside an image, with cosign's options for it. */
export const signatureForms = {
  /** A referrer with a bundle of Sigstore's: what cosign does by default since version 3. */
  bundle: { sign: ["--signing-config=nobody.json", "--trusted-root=nothing.json"], verify: [] },
  /** A tag `sha256-….sig`: the default until then. */
  tag: { sign: older, verify: [] },
  /** A referrer with a signature of the older form. */
  referrer: {
    sign: [...older, "--registry-referrers-mode=oci-1-1"],
    verify: ["--experimental-oci11"],
  },
} satisfies Record<string, { sign: string[]; verify: string[] }>;
export type SignatureForm = keyof typeof signatureForms;

/** cosign with a pair of keys of its own. It asks nobody but registries: no log, no authority, no source of trust. */
export class Cosign {
  readonly #folder: string;
  readonly #env: Record<string, string>;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#env = environment(folder, {
      DOCKER_CONFIG: path.join(folder, "config"),
      COSIGN_PASSWORD: "",
      COSIGN_EXPERIMENTAL: "1",
    });
  }

  static async start(folder: string): Promise<Cosign> {
    mkdirSync(folder, { recursive: true });
    // Without them it would ask Sigstore's own services.
    const type = "application/vnd.dev.sigstore";
    const nobody = { mediaType: `${type}.signingconfig.v0.2+json` };
    const nothing = { mediaType: `${type}.trustedroot+json;version=0.1` };
    writeFileSync(path.join(folder, "nobody.json"), JSON.stringify(nobody));
    writeFileSync(path.join(folder, "nothing.json"), JSON.stringify(nothing));
    const started = new Cosign(folder);
    await output(started.#command("generate-key-pair"), started.#env);
    return started;
  }

  login(host: string, username: string, password: string): Promise<Outcome> {
    const words = ["login", host, "-u", username, "--password-stdin"];
    return run(this.#command(...words), this.#env, { input: password });
  }

  sign(reference: string, form: SignatureForm): Promise<Outcome> {
    const options = ["--yes", "--key=cosign.key", "--allow-http-registry"];
    const { sign } = signatureForms[form];
    return run(this.#command("sign", ...options, ...sign, reference), this.#env);
  }

  verify(reference: string, form: SignatureForm): Promise<Outcome> {
    const options = ["--key=cosign.pub", "--insecure-ignore-tlog", "--allow-http-registry"];
    const { verify } = signatureForms[form];
    return run(this.#command("verify", ...options, ...verify, reference), this.#env);
  }

  /** In its folder, where its keys are. */
  #command(...words: string[]): string[] {
    return ["env", `--chdir=${this.#folder}`, "cosign", ...words];
  }
}
