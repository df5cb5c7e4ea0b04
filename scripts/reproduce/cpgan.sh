#!/usr/bin/env bash
# Trains CP-GAN and its baselines on classes that overlap, and scores how well they tell apart what belongs to one class and
# to several (DMA).
#
#	scripts/reproduce/cpgan.sh CIFAR10 [PRESET]    the user's folder of CIFAR-10, with train and test. PRESET is cifar10to5 (default),
#	                                               cifar10to5-acgan, cifar10to5-cgan or cifar7to3: hours on a GPU. FID needs
#	                                               Inception's weights (forger weights list)
#	scripts/reproduce/cpgan.sh --small [STEPS]     MNIST's classes 0 to 4 as 5to2, CP-GAN, AC-GAN and cGAN alike; on a core
#	                                               about eight minutes each
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh
if [[ ${1:-} == --small ]]; then
	for preset in fashion-small fashion-small-acgan fashion-small-cgan; do
		out=runs/reproduce-cpgan-$preset
		build/forger train cpgan --data mnist --classes 5to2 --preset "$preset" --out "$out" --seed 1 --batch 64 --steps "${2:-3000}"
		build/forger eval "$out" --metrics fd,dma --n 10000
		build/forger sample "$out" --mix 0,0+1,1 --n 100 --out "$out/mixtures"
	done
else
	data=${1:?the folder of CIFAR-10, or --small}
	preset=${2:-cifar10to5}
	out=runs/reproduce-cpgan-$preset
	build/forger weights get effnet-lite0
	build/forger train cpgan --data "$data" --preset "$preset" --out "$out" --seed 1
	build/forger eval "$out" --network effnet-lite0,inception --metrics fd --n 50000
	build/forger eval "$out" --network effnet-lite0 --metrics dma --n 10000
fi
echo
echo "Look at $out/samples, where each column is a class before classes overlapped, and open $out/report.html"
