#!/usr/bin/env bash
# Trains SNGAN on the user's CIFAR-10, and scores it.
#
#   scripts/reproduce/sngan.sh DATA [PRESET] [STEPS]   the folder of CIFAR-10, binary, Python's or of class folders; PRESET is paper, STEPS
#                                                  50000 where they are not given. Needs a GPU
#   scripts/reproduce/sngan.sh --small                 Fashion-MNIST on the CPU
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh
if [[ ${1:-} == --small ]]; then
	out=runs/reproduce-sngan-small
	build/forger train sngan --data fashion-mnist --width 32 --d-width 16 --batch 16 --critic 2 --decay 1000 --steps 1000 --out "$out" --seed 1
else
	data=${1:?the folder of CIFAR-10, or --small}
	preset=${2:-paper}
	out=runs/reproduce-sngan-$preset
	build/forger train sngan --data "$data" --preset "$preset" --steps "${3:-50000}" --out "$out" --seed 1
fi
build/forger eval "$out"
build/forger sample "$out" --n 64
echo
echo "Open $out/report.html"
