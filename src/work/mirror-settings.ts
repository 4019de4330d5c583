import { X509Certificate } from "node:crypto";
import { addressRanges, type ListenAddress, listenAddress } from "./addresses.ts";
import { certificates } from "./certificates.ts";
import type { Settings } from "./settings.ts";
import { flag, integer, type Leaf, leaf } from "./text.ts";

/** How this server is a mirror: of what, and for whom without a login. */
export interface MirrorSettings {
  /** The registry that answers for names that are none of ours. */
  registryId: number;
  anonymousPull: boolean;
  /** CIDR ranges of clients that need no login. */
  clientAddresses: string[];
  /** Where clients come that show a certificate instead; undefined: nowhere. */
  certified: { listen: ListenAddress; clientCa: string } | undefined;
}

const largestId = 2 ** 31 - 1;

export function readMirrorSettings(
  settings: Settings,
  main: { anonymousPull: boolean; hasTls: boolean; listen: ListenAddress },
): MirrorSettings {
  const { anonymousPull } = main;
  return {
    registryId: settings.get("mirror_registry", integer(1, largestId), "1"),
    anonymousPull: settings.get("mirror_anonymous_pull", flag, String(anonymousPull)),
    clientAddresses: settings.find("mirror_client_addresses", addressRanges) ?? [],
    certified: readCertified(settings, main),
  };
}

function readCertified(
  settings: Settings,
  main: { hasTls: boolean; listen: ListenAddress },
): MirrorSettings["certified"] {
  const listen = settings.find("mirror_listen", listenAddress);
  const clientCa = settings.find("mirror_client_ca", authoritiesIn(settings));
  settings.refuseHalf("mirror_listen", "mirror_client_ca");
  if (!listen || clientCa === undefined) return undefined;
  if (!main.hasTls) {
    settings.refuse("mirror_listen", "needs a certificate: set WEIR_TLS_CERT and WEIR_TLS_KEY too");
  }
  const isSame = listen.port === main.listen.port && listen.hostname === main.listen.hostname;
  if (isSame && listen.port !== 0) {
    settings.refuse("mirror_listen", "is where WEIR_LISTEN is; give it a port of its own");
  }
  return { listen, clientCa };
}

/** The certificate of a server or client in their place would let nobody in. */
function authoritiesIn({ readFile }: Settings): Leaf<string> {
  const must =
    "must be the path of a readable PEM file with certificates of authorities, of at most 32 KiB";
  return leaf(must, (file) => {
    try {
      const pems = certificates.parse(readFile(file)).split(/(?<=END CERTIFICATE-----\n)/);
      return pems.every((pem) => new X509Certificate(pem).ca) ? file : undefined;
    } catch {
      return undefined; // absent, unreadable or something else: the problem says what it must be
    }
  });
}
