#!/usr/bin/env bash
# Installs what the end-to-end tests use, as far as it is missing: from Debian's packages, and built from Go modules.
# `--packages`: without what is built from Go modules. None of the services that come with packages is started: the tests start their own, on loopback ports, and stop them.
set -euo pipefail

[ "${1:-}" = --packages ] || bash "$(dirname "$0")/build-go.sh"

# Each program and the package that has it.
wanted=(
  docker-registry:docker-registry skopeo:skopeo podman:podman buildah:buildah
  containerd:containerd ctr:containerd dockerd:docker.io docker:docker.io
  postgres:postgresql nginx:nginx-light busybox:busybox-static curl:curl openssl:openssl
  zsh:zsh fish:fish
  promtool:prometheus systemd-analyze:systemd
  x86_64-linux-gnu-gcc:gcc aarch64-linux-gnu-gcc:gcc-aarch64-linux-gnu qemu-aarch64-static:qemu-user-static
  pip3:python3-pip chromium-headless-shell:chromium-headless-shell
)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin:$(echo /usr/lib/postgresql/*/bin | tr " " ":")

packages=()
for pair in "${wanted[@]}"; do
  command -v "${pair%%:*}" >/dev/null || packages+=("${pair#*:}")
done
[ -e /usr/aarch64-linux-gnu/lib/libc.so.6 ] || packages+=(libc6-arm64-cross)
# They need programs of those packages themselves.
other_tools() {
  bash "$(dirname "$0")/build-hadolint.sh"
  bash "$(dirname "$0")/build-fuzzer.sh"
}
if [ ${#packages[@]} -eq 0 ]; then
  echo "ci: every program is there"
  other_tools
  exit 0
fi

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# Debian's scripts ask this program before they start a service; 101 means no.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap 'as_root rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
  as_root chmod 755 $policy
fi

apt() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 \
    -o Acquire::Retries=3 -o Dpkg::Options::=--force-confold "$@" </dev/null
}
install() { apt update && apt install -y --no-install-recommends "${packages[@]}"; }

echo "ci: installing ${packages[*]}"
install || { echo "ci: apt failed, once more"; install; }
other_tools
