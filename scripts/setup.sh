#!/usr/bin/env bash
# Brings LibTorch into the cache and builds the C++ shim: builds the forger command and runs `forger setup` with the
# arguments given here, for example --cuda.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if ! command -v go >/dev/null; then
	echo "setup.sh: go is not on PATH; install Go 1.26 or newer" >&2
	exit 1
fi
go build -o build/forger ./tools/forger
exec build/forger setup "$@"
