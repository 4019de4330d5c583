#!/usr/bin/env bash
# Builds all programs of the tests that are Go modules. All are built with the same flags, so that Go's own library is
# compiled once: with the first of them, which is the smallest.
set -euo pipefail
cd "$(dirname "$0")"
bash build-s3-server.sh
# What one links, which takes one core, the other compiles beside.
bash build-deploy-tools.sh go &
tools=$!
failed=0
bash build-go-clients.sh || failed=1
wait $tools || failed=1
exit $failed
