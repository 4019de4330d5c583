/** The settings of an upstream for Docker Hub, where nothing else is said of it. */
export const dockerHub = {
  name: "docker-hub",
  url: "https://registry-1.docker.io",
  username: undefined,
  password: undefined,
  tokenRealm: undefined,
  cacheValidityHours: 24,
  deniedMeans: "absent",
  libraryPrefix: true,
  description: undefined,
  staleIfAbsentHours: 168,
  staleWhileRevalidate: false,
  cacheMaxBytes: undefined,
  verifiedGroup: undefined,
  ca: undefined,
  rules: [],
} as const;
