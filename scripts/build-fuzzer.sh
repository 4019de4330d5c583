#!/usr/bin/env bash
# Puts schemathesis, which makes up requests from the API's document, into .cache/schemathesis: from PyPI, at the versions
# that test/e2e/lab/fuzz/requirements.txt names. Without Python or pip nothing is done, and the tests that need it say so.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=$PWD/test/e2e/lab/fuzz/requirements.txt
target=$PWD/.cache/schemathesis

command -v python3 >/dev/null || { echo "fuzzer: no python3"; exit 0; }
command -v pip3 >/dev/null || { echo "fuzzer: no pip3"; exit 0; }
stamp=$(cat "$0" "$wanted" <(python3 --version) | sha256sum)
if [ "$(cat "$target/stamp" 2>/dev/null)" = "$stamp" ]; then
  echo "fuzzer: it is there"
  exit 0
fi

echo "fuzzer: installing"
rm -rf "$target"
# Without its pip, which is a package of its own on Debian.
python3 -m venv --without-pip "$target"
install() { pip3 --python "$target/bin/python" install -q --disable-pip-version-check -r "$wanted"; }
install || { echo "fuzzer: failed, once more"; install; }
echo "$stamp" >"$target/stamp"
