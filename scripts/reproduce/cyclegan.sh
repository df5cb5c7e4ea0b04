#!/usr/bin/env bash
# Trains CycleGAN as the paper does, and scores and shows the test pictures.
#
#   scripts/reproduce/cyclegan.sh DATA [PRESET]   the user's folder of trainA, trainB, testA, testB; PRESET is horse2zebra (default),
#                                                 no-identity, 128 or gta. Needs a GPU
#   scripts/reproduce/cyclegan.sh --small         Google's and Microsoft's emoji at 64 pixels, on 2 cores in about ten minutes. The true
#                                                 translations, hidden in training, score it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh
if [[ ${1:-} == --small ]]; then
	data=emoji64:noto-fluent
	preset=emoji64
	out=runs/reproduce-cyclegan-small
else
	data=${1:?the folder of the data, or --small}
	preset=${2:-horse2zebra}
	out=runs/reproduce-cyclegan-$preset
fi
build/forger train cyclegan --data "$data" --preset "$preset" --out "$out" --seed 1
build/forger eval "$out"
build/forger translate "$out" --out "$out/test"
build/forger translate --back "$out" --out "$out/test-back"
echo
echo "Look at $out/test/index.html and $out/test-back/index.html, and open $out/report.html"
