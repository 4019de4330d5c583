/** What helps, by the reason for which an upstream gave no answer that counts. */
export const fixes: Readonly<Record<string, string>> = {
  unreachable: "check its URL, name resolution and firewalls between here and there",
  timeout: "try again; where it stays so, look for a firewall that drops what is sent",
  denied: "check its user name and password: weir upstream update --username … --password-file …",
  rate_limited: "wait, or give it a login, which mostly has a higher limit",
  broken: "the fault is the upstream's: try again later",
  invalid: "check its URL: a registry answers at /v2/ below it",
  blocked:
    "allow its address by WEIR_ALLOWED_UPSTREAM_ADDRESSES, if it is meant to be an inner one",
};
