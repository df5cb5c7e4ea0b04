#!/usr/bin/env bash
# Trains BigGAN and scores it.
#
#	scripts/reproduce/biggan.sh DATA [PRESET]    the user's folder, with train and test and a folder for each class. PRESET is
#	                                             launch_cifar_ema (default, CIFAR-10), bs256x8, deep, sagan128, paper128 or paper256:
#	                                             days to weeks on large GPUs. FID needs Inception's weights (forger weights list),
#	                                             without which the Fréchet distance is FD-EffNetLite0
#	scripts/reproduce/biggan.sh --small [fashion-mnist|emoji64|emoji64:pairs] [STEPS]    on 2 cores
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh
build/forger weights get effnet-lite0
if [[ ${1:-} == --small ]]; then
	data=${2:-fashion-mnist}
	out=runs/reproduce-biggan-$data-small
	build/forger train biggan --data "$data" --out "$out" --seed 1 --batch 32 --steps "${3:-1500}" --average-from 200
	build/forger eval "$out" --network effnet-lite0 --n 2000
else
	data=${1:?the folder of the data, or --small}
	preset=${2:-launch_cifar_ema}
	out=runs/reproduce-biggan-$preset
	case $preset in
	launch_cifar_ema) run=(--batch 50 --steps 125000) ;;
	sagan128) run=(--batch 256 --accumulate 2 --steps 1000000) ;;
	*) run=(--batch 2048 --accumulate 8 --steps 150000) ;;
	esac
	build/forger train biggan --data "$data" --out "$out" --seed 1 --preset "$preset" "${run[@]}"
	build/forger eval "$out" --network effnet-lite0,inception --metrics fd,is --n 50000
fi
build/forger sample "$out" --classes --n 80 --out "$out/looks"
build/forger sample "$out" --truncate 2,1,0.5 --n 30 --standing 16 --out "$out/looks"
echo
echo "Look at $out/samples and $out/looks, and open $out/report.html"
