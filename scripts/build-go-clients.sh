#!/usr/bin/env bash
# Builds the clients and servers of the end-to-end tests that are Go modules into .cache/go-clients, at the versions
# that test/e2e/lab/go/go.mod names. One module for all of them: what they share is built once. Without Go nothing is
# built, and the tests that need one of them say so.
set -euo pipefail
cd "$(dirname "$0")/.."
source=test/e2e/lab/go
target=$PWD/.cache/go-clients

if ! command -v go >/dev/null; then
  echo "go clients: there is no Go on this machine (docs/testing.md says which one is needed)"
  exit 0
fi
# Changes with the versions, our own sources, how they are built, and with what.
stamp=$(cat "$0" "$source"/go.* "$source"/*/*.go <(go version) | sha256sum)
if [ "$(cat "$target/stamp" 2>/dev/null)" = "$stamp" ]; then
  echo "go clients: all are built"
  exit 0
fi

echo "go clients: building (some minutes, where nothing of it has been built before)"
rm -rf "$target"
mkdir -p "$target"
export GOBIN=$target CGO_ENABLED=0 GOGC=400
started=$SECONDS
# Nothing waits for these programs, but CI waits for the compiler: no optimisation, no debugging information. The same
# flags in every script, or Go's own library would be compiled for each.
build() {
  go -C "$source" install -buildvcs=false -trimpath -gcflags='all=-N -l -dwarf=false' -ldflags='-s -w' tool ./... 2>&1 |
    { grep -v '^go: downloading ' || true; }
}
build || { echo "go clients: failed, once more"; build; }
echo "$stamp" >"$target/stamp"
echo "go clients: built in $((SECONDS - started)) s"
