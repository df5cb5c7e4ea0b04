#!/usr/bin/env bash
# From nothing to pictures: sets LibTorch up, fetches MNIST, trains a DCGAN on it and samples digits.
#
#   scripts/demo.sh [DATA] [STEPS]     DATA is mnist (default) or fashion-mnist
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

data=${1:-mnist}
steps=${2:-4000}
out=runs/demo-$data

scripts/setup.sh
build/forger doctor
build/forger train dcgan --data "$data" --out "$out" --steps "$steps" --seed 1
build/forger sample "$out" --n 64 --out "$out/final"
echo
echo "Look at $out/final/grid.png and open $out/report.html"
