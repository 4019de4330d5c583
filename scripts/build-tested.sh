#!/usr/bin/env bash
# Builds the executable that the end-to-end part starts, .cache/tested/weir: for this machine, and with what the engine
# has made of the sources, which it starts twice as fast with than the clone. What is there stays, unless something that
# goes into it is another; whoever comes while another process builds it waits for that.
set -euo pipefail
script=$(realpath "$0")
cd "$(dirname "$script")/.."
target=$PWD/.cache/tested
mkdir -p "$target"
exec 9>"$target/lock"
flock 9
stamp=$(find src web -type f -print0 | sort -z | xargs -0 sha256sum -- |
  cat "$script" scripts/bundle-console.ts package.json package-lock.json tsconfig.json - | sha256sum)
if [ -x "$target/weir" ] && [ "$(cat "$target/stamp" 2>/dev/null)" = "$stamp" ]; then
  echo "tested: the executable is built"
  exit 0
fi
rm -f "$target/stamp"
folder=$(mktemp -d "$target/new-XXXXXX")
trap 'rm -rf "$folder"' EXIT
node bin/bun.mjs scripts/bundle-console.ts "$folder/console"
node bin/bun.mjs build --compile --bytecode --format=esm --asset-naming="[name].[ext]" src/main.ts \
  "$folder"/console/* --outfile "$folder/weir"
# Not into the old one: a run may have it started.
mv "$folder/weir" "$target/weir"
echo "$stamp" >"$target/stamp"
echo "tested: the executable is built in $SECONDS s"
