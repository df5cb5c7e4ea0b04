#!/usr/bin/env bash
# Trains AC-GAN on the user's CIFAR-10, and scores it.
#
#   scripts/reproduce/acgan.sh DATA [PRESET] [STEPS]   the folder of CIFAR-10, binary, Python's or of class folders; PRESET is paper, STEPS
#                                                  50000 where they are not given. Needs a GPU
#   scripts/reproduce/acgan.sh --small                 Fashion-MNIST on the CPU
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh
if [[ ${1:-} == --small ]]; then
	out=runs/reproduce-acgan-small
	build/forger train acgan --data fashion-mnist --divide 2 --steps 3000 --out "$out" --seed 1
else
	data=${1:?the folder of CIFAR-10, or --small}
	preset=${2:-paper}
	out=runs/reproduce-acgan-$preset
	build/forger train acgan --data "$data" --preset "$preset" --steps "${3:-50000}" --out "$out" --seed 1
fi
build/forger eval "$out"
build/forger sample "$out" --n 64
echo
echo "Open $out/report.html"
