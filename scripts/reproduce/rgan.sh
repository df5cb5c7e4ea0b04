#!/usr/bin/env bash
# Trains rGAN and its baseline on noisy labels and scores whether the classes are right: ifid, the Fréchet distance within classes;
# gan-test, the share of generated pictures that a classifier of clean labels names as they were asked for; gan-train, the
# accuracy of one that learnt from generated pictures.
#
#	scripts/reproduce/rgan.sh CIFAR10 [MODEL] [NOISE]    the user's folder of CIFAR-10, with train and test. MODEL is rac-ct (default),
#	                                                     rac-gp, rac-sn, rac-dc, rc-ct …; NOISE is symmetric:0.7 (default) or another.
#	                                                     Two runs of hours on a GPU. FID needs Inception's weights
#	                                                     (forger weights list)
#	scripts/reproduce/rgan.sh --small [NOISE] [STEPS]    Fashion-MNIST under symmetric:0.5: rAC-GAN and AC-GAN from equal scales of classes,
#	                                                     as in the official networks; from U(0, 1) these, rcGAN, cGAN and rAC-GAN with
#	                                                     the noise estimated; on a core about seven minutes each
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh

# run NAME OPTION… trains a run and scores it with NETWORK on N pictures.
run() {
	local out=runs/reproduce-rgan-$1
	shift
	build/forger train rgan --data "$data" --labels "$noise" --out "$out" --seed 1 "$@"
	build/forger eval "$out" --network "$network" --metrics "$metrics" --n "$n"
	echo "Each column of $out/samples is a class; the curves: $out/report.html"
}

if [[ ${1:-} == --small ]]; then
	data=fashion-mnist noise=${2:-symmetric:0.5} network=digits metrics=fd,ifid,gan-test n=10000
	small=(--batch 64 --steps "${3:-2000}")
	for model in rac ac; do
		run "$model-equal-${noise/:/-}-small" --preset "fashion-small-$model" --gains one "${small[@]}"
	done
	for model in rac ac rc c; do
		run "$model-${noise/:/-}-small" --preset "fashion-small-$model" "${small[@]}"
	done
	matrix=runs/reproduce-rgan-${noise/:/-}.json
	build/forger data noise "$data" "$matrix" --labels "$noise"
	run "rac-estimated-${noise/:/-}-small" --preset fashion-small-rac --transition "matrix:$matrix" "${small[@]}"
else
	data=${1:?the folder of CIFAR-10, or --small} model=${2:-rac-ct} noise=${3:-symmetric:0.7}
	network=effnet-lite0,inception metrics=fd,ifid,gan-test,gan-train n=50000
	build/forger weights get effnet-lite0
	for model in "$model" "${model#r}"; do
		run "$model-${noise/:/-}" --preset "cifar10-$model"
	done
fi
