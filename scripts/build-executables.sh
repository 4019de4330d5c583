#!/usr/bin/env bash
# Builds single-file executables into dist/: weir-linux-x64 and weir-linux-arm64 (or those that are named), and
# SHA256SUMS. They need glibc 2.17 or newer and nothing else: no Node, no Bun, no node_modules. With --standalone also
# weir-linux-*-standalone, which bring the glibc of this machine, and start where there is nothing at all; that needs
# Debian's gcc, and for the other architecture gcc-aarch64-linux-gnu and libc6-arm64-cross.
#
#   scripts/build-executables.sh [--standalone] [x64] [arm64]
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
declare -A package=([x64]=bun-linux-x64 [arm64]=bun-linux-aarch64)
version=$(node -p 'require("bun/package.json").version')

# Bun for a target, as npm has it, checked against the lock file's digest; Bun would fetch it from elsewhere itself.
runtime() {
  local name=${package[$1]}
  local installed=node_modules/@oven/$name/bin/bun cached=.cache/bun-$version/$name
  if [ -x "$installed" ]; then echo "$root/$installed" && return; fi
  if [ ! -x "$cached/bun" ]; then
    local folder integrity file
    folder=$(mktemp -d)
    integrity=$(node -p 'require("./package-lock.json").packages["node_modules/@oven/'"$name"'"].integrity')
    file=$(cd "$folder" && npm pack --silent "@oven/$name@$version")
    [ "sha512-$(openssl dgst -sha512 -binary "$folder/$file" | base64 -w0)" = "$integrity" ] || {
      echo "executables: @oven/$name is not what package-lock.json says" >&2
      return 1
    }
    tar -xzf "$folder/$file" -C "$folder"
    mkdir -p "$cached"
    mv "$folder/package/bin/bun" "$cached/bun"
    chmod 755 "$cached/bun"
    rm -rf "$folder"
  fi
  echo "$root/$cached/bun"
}

# An executable with glibc's loader and libraries in it.
join() {
  local folder loader
  case $1 in
    x64) folder=/lib/x86_64-linux-gnu loader=/lib64/ld-linux-x86-64.so.2 ;;
    arm64) folder=/usr/aarch64-linux-gnu/lib loader=/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1 ;;
  esac
  node bin/bun.mjs scripts/standalone/join.ts "dist/weir-linux-$1" "dist/weir-linux-$1-standalone" \
    "$loader" "$folder"/{libc.so.6,libm.so.6,libpthread.so.0,libdl.so.2}
}

standalone=
if [ "${1-}" = --standalone ]; then standalone=1 && shift; fi
[ $# -gt 0 ] || set -- x64 arm64
targets=("${@/amd64/x64}") # as containers call it
for target in "${targets[@]}"; do
  [ -n "${package[$target]-}" ] || { echo "executables: there is no $target" >&2; exit 2; }
done
rm -rf dist
mkdir dist
# The console, as browsers load it; each executable carries it.
console=$(mktemp -d)
trap 'rm -rf "$console"' EXIT
node bin/bun.mjs scripts/bundle-console.ts "$console"
for target in "${targets[@]}"; do
  bun=$(runtime "$target")
  # No .env and bunfig.toml of the folder that it happens to be started in.
  node bin/bun.mjs build --compile --target="${package[$target]/aarch64/arm64}" --compile-executable-path="$bun" \
    --minify-syntax --minify-whitespace --no-compile-autoload-dotenv --no-compile-autoload-bunfig \
    --asset-naming="[name].[ext]" src/main.ts "$console"/* --outfile "dist/weir-linux-$target" >&2
  [ -z "$standalone" ] || join "$target"
done
# As sha256sum writes them, in a tenth of its time.
(cd dist && node -e '
  const { createHash } = require("node:crypto");
  for (const name of process.argv.slice(1)) {
    const bytes = require("node:fs").readFileSync(name);
    console.log(`${createHash("sha256").update(bytes).digest("hex")}  ${name}`);
  }' weir-linux-* >SHA256SUMS && cat SHA256SUMS)
