import { expect } from "bun:test";
import { Cosign, cosign, type SignatureForm, signatureForms } from "./lab/clients/cosign.ts";
import { crane, succeed } from "./lab/clients/index.ts";
import { e2e, type Lab } from "./lab/lab.ts";
import { ociServer } from "./lab/oci-server.ts";

const forms = Object.keys(signatureForms) as SignatureForm[];

interface Upstream {
  host: string;
  url: string;
  stop(): Promise<void>;
}

/** Copies an image into the upstream once for each form, and signs each copy in that form. */
async function signCopies(lab: Lab, upstream: Upstream, signer: Cosign): Promise<void> {
  const { host } = await lab.registry();
  const copier = await lab.client(crane);
  const { repository, tag, digest } = lab.images.hello;
  for (const form of forms) {
    const copy = `${upstream.host}/signed/${form}`;
    succeed(await copier.command("copy", `${host}/${repository}:${tag}`, `${copy}:${tag}`));
    succeed(await signer.sign(`${copy}@${digest}`, form));
  }
}

async function verifyThrough(lab: Lab, upstream: Upstream): Promise<void> {
  const signer = await Cosign.start(lab.folder());
  const stranger = await Cosign.start(lab.folder());
  await signCopies(lab, upstream, signer);
  const weir = await lab.weir({ upstream: upstream.url });
  for (const client of [signer, stranger]) {
    succeed(await client.login(weir.host, "admin", weir.token));
  }
  const { hello } = lab.images;
  const names = (form: SignatureForm) => weir.names({ ...hello, repository: `signed/${form}` });
  const verifyAll = async () => {
    for (const form of forms) {
      const { byTag, byDigest } = names(form);
      for (const name of [byTag, byDigest]) succeed(await signer.verify(name, form));
    }
  };
  await verifyAll();
  for (const form of forms) {
    const { code, output } = await stranger.verify(names(form).byTag, form);
    expect(code).not.toBe(0);
    expect(output).toMatch(/no matching|invalid signature|no signatures/i);
  }
  await upstream.stop();
  await verifyAll();
}

await e2e(
  "cosign verifies signatures through Weir: upstream without the referrers API",
  { needs: [cosign, crane] },
  async (lab) => verifyThrough(lab, await lab.registry({ storage: lab.folder(), writable: true })),
);

await e2e(
  "cosign verifies signatures through Weir: upstream with the referrers API",
  { needs: [cosign, crane, ociServer] },
  async (lab) => verifyThrough(lab, await lab.ociServer()),
);
