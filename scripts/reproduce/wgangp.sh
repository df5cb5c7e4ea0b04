#!/usr/bin/env bash
# Trains WGAN-GP and scores it.
#
#	scripts/reproduce/wgangp.sh CIFAR10 [PRESET]    the user's folder of CIFAR-10, with train and test. PRESET is cifar10 (default),
#	                                                cifar10-cnn, mimicry or paper: hours on a GPU. FID needs Inception's weights
#	                                                (forger weights list), without which the Fréchet distance is FD-EffNetLite0
#	scripts/reproduce/wgangp.sh --small [fashion-mnist|emoji64] [STEPS]    on 2 idle cores in about a quarter of an hour
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh
build/forger weights get effnet-lite0
if [[ ${1:-} == --small ]]; then
	data=${2:-fashion-mnist}
	out=runs/reproduce-wgangp-$data-small
	case $data in
	fashion-mnist) run=(--width 16 --critic-width 16 --critic 2 --lr 0.0005 --decay 0 --batch 32 --steps "${3:-1500}") ;;
	emoji64) run=(--preset cifar10-cnn --width 16 --critic-width 16 --critic 2 --lr 0.0005 --decay 0 --batch 32 --steps "${3:-1500}") ;;
	esac
	build/forger train wgangp --data "$data" --out "$out" --seed 1 "${run[@]}" --eval-every 300 --eval-n 500 --eval-network effnet-lite0
	build/forger eval "$out" --network effnet-lite0 --n 2000
else
	data=${1:?the folder of CIFAR-10, or --small}
	preset=${2:-cifar10}
	out=runs/reproduce-wgangp-$preset
	build/forger train wgangp --data "$data" --out "$out" --seed 1 --preset "$preset" --steps 100000
	build/forger eval "$out" --network effnet-lite0,inception --metrics fd,is --n 50000
fi
echo
echo "Look at $out/samples and open $out/report.html"
