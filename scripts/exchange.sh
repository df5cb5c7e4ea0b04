#!/usr/bin/env bash
# Moves a small DCGAN in mid-training from Python to Forger and back, and fails unless the next three steps have the same
# losses on both sides. FORGER_PYTHON names a Python with torch 2.11.
#
#   scripts/exchange.sh          checks
#   scripts/exchange.sh update   writes the recorded files in zoo/dcgan/testdata as well
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
python=${FORGER_PYTHON:-python3}
"$python" -c 'import torch' || { echo "exchange.sh: $python has no torch; set FORGER_PYTHON" >&2; exit 1; }

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$python" scripts/exchange_peer.py start "$dir/python.pth"
FORGER_REQUIRE_NATIVE=1 FORGER_EXCHANGE=$dir go test ./zoo/dcgan -run 'TestARunSavedByPythonGoesOn' -count=1 -v
"$python" scripts/exchange_peer.py go-on "$dir/forger.pth" >"$dir/forger.json"
FORGER_REQUIRE_NATIVE=1 FORGER_EXCHANGE=$dir go test ./zoo/dcgan -run 'TestARunSavedHereGoesOnInPython' -count=1 -v
if [ "${1:-}" = update ]; then
	cp "$dir"/python.pth "$dir"/forger.pth "$dir"/forger.json zoo/dcgan/testdata/
fi
