#!/usr/bin/env bash
# Calls random operators of package torch with random arguments, a million times by default:
#
#   scripts/fuzz-operators.sh [calls] [seed]
#
# Anything but a typed panic is a failure. After a crash it prints the calls that were being made.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
log=$(mktemp -d)
trap 'rm -rf "$log"' EXIT
if FORGER_REQUIRE_NATIVE=1 FORGER_FUZZ_LOG="$log" FORGER_FUZZ_CALLS="${1:-1000000}" FORGER_FUZZ_SEED="${2:-1}" \
	go test ./torch -run TestRandomCallsNeverCrash -v -count=1 -timeout 2h >"$log/out" 2>&1; then
	grep -v Warning "$log/out"
	exit
fi
grep -E -m 20 'SIG|^fatal|terminate|Error|panic' "$log/out" || true
echo "the calls of that moment:"
cat "$log"/*.txt
exit 1
