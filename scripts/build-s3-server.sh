#!/usr/bin/env bash
# Builds the S3 server of the tests into .cache/s3-server: Versity's gateway over a folder, at the version that
# test/e2e/lab/s3-server/go.mod names. A module apart from the other programs', which would make its libraries other
# versions. Without Go nothing is built, and the tests that need it say so.
set -euo pipefail
cd "$(dirname "$0")/.."
source=test/e2e/lab/s3-server
target=$PWD/.cache/s3-server

if ! command -v go >/dev/null; then
  echo "s3 server: there is no Go on this machine (docs/testing.md says which one is needed)"
  exit 0
fi
stamp=$(cat "$0" "$source"/go.* <(go version) | sha256sum)
if [ "$(cat "$target/stamp" 2>/dev/null)" = "$stamp" ]; then
  echo "s3 server: it is built"
  exit 0
fi

echo "s3 server: building (a minute, where nothing of it has been built before)"
rm -rf "$target"
mkdir -p "$target"
export GOBIN=$target CGO_ENABLED=0 GOGC=400
started=$SECONDS
# As in build-go-clients.sh.
build() {
  go -C "$source" install -buildvcs=false -trimpath -gcflags='all=-N -l -dwarf=false' -ldflags='-s -w' tool 2>&1 |
    { grep -v '^go: downloading ' || true; }
}
build || { echo "s3 server: failed, once more"; build; }
echo "$stamp" >"$target/stamp"
echo "s3 server: built in $((SECONDS - started)) s"
