import { type PullHost, pullAddress } from "../../api/address.ts";

/** What somebody copies: commands for a shell, or a file. */
export interface Snippet {
  title: string;
  text: string;
}

/** How one client is set up for a registry. */
export interface Setup {
  id: string;
  name: string;
  snippets: Snippet[];
  /** What else to know. */
  notes: string[];
}

/** What a setup is for. */
export interface Pulling {
  at: PullHost;
  registryId: number;
  /** As the registry calls it: `library/alpine:latest`. */
  image: string;
  username: string;
  /** As a shell reads it; `"$TOKEN"` where the token itself is not at hand. */
  token?: string;
}

interface Words extends PullHost {
  /** The whole name of the image. */
  name: string;
  username: string;
  token: string;
}

/** Set-ups of all clients that the console knows, for this server and this registry. */
export function setups(pulling: Pulling): Setup[] {
  const { at, registryId, image, username, token = '"$TOKEN"' } = pulling;
  const address = pullAddress(at, registryId);
  const words = { ...at, name: `${address}/${image}`, username: shellWord(username), token };
  return [
    docker(words),
    podman(words),
    skopeo(words),
    containerd(words, registryId),
    kubernetes(words),
    gitlab(words),
    github(words),
  ];
}

/** Words of which a shell makes nothing else stand as they are. */
export const shellWord = (text: string): string =>
  /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;

function docker({ host, isPlain, name, username, token }: Words): Setup {
  const isHere = /^(?:localhost|127\.[\d.]+)(?::\d+)?$/.test(host);
  const daemon = {
    title: "/etc/docker/daemon.json, since this server has no TLS",
    text: JSON.stringify({ "insecure-registries": [host] }, null, 2),
  };
  return {
    id: "docker",
    name: "Docker",
    snippets: [
      ...(isPlain && !isHere ? [daemon] : []),
      {
        title: "Log in, once",
        text: `echo ${token} | docker login ${host} --username ${username} --password-stdin`,
      },
      { title: "Pull", text: `docker pull ${name}` },
    ],
    notes: [
      "Docker keeps one login a host, whatever the path: a second registry with another token needs another host name.",
    ],
  };
}

function podman({ host, isPlain, name, username, token }: Words): Setup {
  const plain = isPlain ? " --tls-verify=false" : "";
  return {
    id: "podman",
    name: "Podman",
    snippets: [
      {
        title: "Log in, once",
        text: `echo ${token} | podman login${plain} ${host} --username ${username} --password-stdin`,
      },
      { title: "Pull", text: `podman pull${plain} ${name}` },
    ],
    notes: ["Buildah reads the same logins, and takes the same names."],
  };
}

function skopeo({ host, isPlain, name, username, token }: Words): Setup {
  const [login, copy] = isPlain ? [" --tls-verify=false", " --src-tls-verify=false"] : ["", ""];
  return {
    id: "skopeo",
    name: "Skopeo",
    snippets: [
      {
        title: "Log in, once",
        text: `echo ${token} | skopeo login${login} ${host} --username ${username} --password-stdin`,
      },
      { title: "Copy into a folder", text: `skopeo copy${copy} docker://${name} dir:image` },
    ],
    notes: [],
  };
}

function containerd({ host, isPlain, name, username, token }: Words, registryId: number): Setup {
  const scheme = isPlain ? "http" : "https";
  return {
    id: "containerd",
    name: "containerd",
    snippets: [
      {
        title: "/etc/containerd/certs.d/docker.io/hosts.toml, as a mirror of Docker Hub",
        text: `server = "https://registry-1.docker.io"

[host."${scheme}://${host}/v2/virtual_registries/container/${registryId}"]
  capabilities = ["pull", "resolve"]
  override_path = true`,
      },
      {
        title: "Or pull by name",
        text: `ctr images pull${isPlain ? " --plain-http" : ""} --user ${username}:${token} ${name}`,
      },
    ],
    notes: [
      "A mirror is asked without a login: the server has to allow that, by WEIR_MIRROR_ANONYMOUS_PULL or WEIR_MIRROR_CLIENT_ADDRESSES.",
      "For Kubernetes, config_path in /etc/containerd/config.toml names the folder certs.d.",
    ],
  };
}

const plainNodes = "This server has no TLS, which each node's engine must be told as well.";

function kubernetes({ host, isPlain, name, username, token }: Words): Setup {
  return {
    id: "kubernetes",
    name: "Kubernetes",
    snippets: [
      {
        title: "A pull secret",
        text: `kubectl create secret docker-registry weir \\
  --docker-server=${host} --docker-username=${username} --docker-password=${token}`,
      },
      {
        title: "In the pod",
        text: `spec:
  imagePullSecrets: [{ name: weir }]
  containers:
    - name: app
      image: ${name}`,
      },
    ],
    notes: isPlain ? [plainNodes] : [],
  };
}

function gitlab({ host, isPlain, name }: Words): Setup {
  return {
    id: "gitlab-ci",
    name: "GitLab CI",
    snippets: [
      {
        title: "The variable DOCKER_AUTH_CONFIG, for image: and services:",
        text: JSON.stringify({ auths: { [host]: { auth: "<base64 of ci:TOKEN>" } } }, null, 2),
      },
      {
        title: ".gitlab-ci.yml",
        text: `build:
  image: ${name}
  before_script:
    - echo "$WEIR_TOKEN" | docker login ${host} --username ci --password-stdin`,
      },
    ],
    notes: [
      'The base64 is that of echo -n "ci:$TOKEN" | base64 -w0. Keep the variable masked, and WEIR_TOKEN too.',
      "Jobs can also log in with an id token, so that no secret is stored: an administrator says whose tokens count.",
      ...(isPlain ? [plainNodes] : []),
    ],
  };
}

function github({ host, isPlain, name }: Words): Setup {
  const secret = "${{ secrets.WEIR_TOKEN }}";
  return {
    id: "github-actions",
    name: "GitHub Actions",
    snippets: [
      {
        title: "A workflow",
        text: `jobs:
  build:
    runs-on: ubuntu-latest
    container:
      image: ${name}
      credentials: { username: ci, password: "${secret}" }
    steps:
      - uses: docker/login-action@v3
        with: { registry: "${host}", username: ci, password: "${secret}" }`,
      },
    ],
    notes: [
      "The runner must reach this server: one of GitHub's own does only where it is on the internet.",
      ...(isPlain ? [plainNodes] : []),
    ],
  };
}
