#!/usr/bin/env bash
# Sets LibTorch up where it is not yet, then checks formatting, generated files and vet, and runs every test, those of the
# bridge to gotorch last. A test that needs LibTorch fails instead of being skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
unformatted=$(git ls-files '*.go' | xargs gofmt -l)
if [ -n "$unformatted" ]; then
	echo "test.sh: run gofmt -w on:" $unformatted >&2
	exit 1
fi
go run ./torch/internal/gen -check
go vet ./...
FORGER_REQUIRE_NATIVE=1 go test -timeout 20m "$@" ./...
scripts/test-gotorch.sh
