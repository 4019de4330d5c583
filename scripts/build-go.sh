#!/usr/bin/env bash
# Builds the programs of the tests that are Go modules, each set into a folder of .cache, at the versions that its go.mod
# names: all of them, or the sets that are named.
#
#   scripts/build-go.sh [s3-server] [deploy-tools] [go-clients] [cosign]
#
# Whoever asks for a set that another process is building waits for it. Without Go nothing is built, and the tests that need one of the programs say so.
set -euo pipefail
script=$(realpath "$0")
cd "$(dirname "$script")/.."

if ! command -v go >/dev/null; then
  echo "go: there is no Go on this machine (docs/testing.md says which one is needed)"
  exit 0
fi

# set_of FOLDER PACKAGE…: what is there stays, unless versions, our own sources, this file or Go are others.
set_of() {
  local target=$PWD/.cache/$1 stamp started=$SECONDS
  shift
  mkdir -p "$target"
  exec 9>"$target/lock"
  flock 9
  stamp=$(find test/go -type f -exec cat {} + | cat "$script" - <(go version) | sha256sum)
  if [ "$(cat "$target/stamp" 2>/dev/null)" = "$stamp" ]; then
    echo "go: $(basename "$target") is built"
    return
  fi
  echo "go: building $(basename "$target") (minutes, where nothing of it has been built before)"
  rm -f "$target/stamp"
  # Nothing waits for these programs, but CI waits for the compiler: no optimisation, no debugging information, and the
  # same flags for all sets, or what they share would be compiled for each.
  build() {
    GOBIN=$target CGO_ENABLED=0 GOGC=400 go -C test/go install -buildvcs=false -trimpath \
      -gcflags='all=-N -l -dwarf=false' -ldflags='-s -w' "$@" 2>&1 | { grep -v '^go: downloading ' || true; }
  }
  build "$@" || { echo "go: failed, once more" && build "$@"; }
  echo "$stamp" >"$target/stamp"
  echo "go: $(basename "$target") built in $((SECONDS - started)) s"
}

# Apart, so that nothing waits for what it does not need: tests of the store come first, and a third of all is for cosign alone.
s3_server() { set_of s3-server ./versitygw; }
deploy_tools() { set_of deploy-tools ./deploycheck ./otlpread; }
go_clients() {
  set_of go-clients ./ociserver oras.land/oras/cmd/oras github.com/opencontainers/distribution-spec/conformance \
    github.com/google/go-containerregistry/cmd/crane github.com/regclient/regclient/cmd/regctl
}
cosign() { set_of cosign ./cosign; }

[ $# -gt 0 ] || set -- s3-server deploy-tools go-clients cosign
for name in "$@"; do
  case $name in
    s3-server) s3_server ;;
    deploy-tools) deploy_tools ;;
    go-clients) go_clients ;;
    cosign) cosign ;;
    *) echo "go: there is no set $name" >&2 && exit 2 ;;
  esac
done
