/** A registry that many pull from. What else is known of it the server adds by its address. */
export interface Preset {
  id: string;
  name: string;
  url: string;
  /** What somebody should know who adds it. */
  hint: string;
  /** An image that it has, as a registry of ours calls it. */
  image: string;
}

const usual = "library/alpine:latest";

export const presets: readonly Preset[] = [
  {
    id: "docker-hub",
    name: "Docker Hub",
    url: "https://registry-1.docker.io",
    hint: "Without a login it answers few pulls an hour. With an access token of Docker Hub there are more.",
    image: usual,
  },
  {
    id: "ghcr",
    name: "GitHub",
    url: "https://ghcr.io",
    hint: "Private images take a token of GitHub with read:packages as the password.",
    image: "actions/actions-runner:latest",
  },
  {
    id: "quay",
    name: "Quay",
    url: "https://quay.io",
    hint: "Private images take a robot account.",
    image: "prometheus/prometheus:latest",
  },
  {
    id: "kubernetes",
    name: "Kubernetes",
    url: "https://registry.k8s.io",
    hint: "What clusters are made of. It needs no login.",
    image: "pause:3.10",
  },
  {
    id: "ecr-public",
    name: "Amazon ECR Public",
    url: "https://public.ecr.aws",
    hint: "Without a login it limits each address.",
    image: "docker/library/alpine:latest",
  },
  {
    id: "mcr",
    name: "Microsoft",
    url: "https://mcr.microsoft.com",
    hint: "It needs no login.",
    image: "hello-world:latest",
  },
  {
    id: "gitlab",
    name: "GitLab",
    url: "https://registry.gitlab.com",
    hint: "Private images take a deploy token with read_registry.",
    image: "gitlab-org/gitlab-runner:latest",
  },
  {
    id: "google",
    name: "Google's mirror of Docker Hub",
    url: "https://mirror.gcr.io",
    hint: "It has the images of Docker Hub that are pulled most, and no others.",
    image: usual,
  },
  {
    id: "nvidia",
    name: "NVIDIA",
    url: "https://nvcr.io",
    hint: "Most images take the user name $oauthtoken and an API key.",
    image: "nvidia/cuda:12.6.2-base-ubuntu24.04",
  },
];

/** An image to try with the upstream at this address. */
export function exampleImage(url: string | undefined): string {
  return presets.find((preset) => preset.url === url)?.image ?? usual;
}
