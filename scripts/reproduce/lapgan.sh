#!/usr/bin/env bash
# Trains LAPGAN and, beside it on the same pictures, DCGAN, and scores both by the Fréchet distance and by the log-likelihood
# under Parzen windows.
#
#	scripts/reproduce/lapgan.sh DATA [PRESET]      a folder of CIFAR-10, STL-10 or LSUN, with train and test. PRESET is cifar10
#	                                               (default), cifar10-32, cifar10-class, stl10 or lsun: hours or days on a GPU
#	scripts/reproduce/lapgan.sh --small [STEPS]    emoji64 on 2 idle cores, a quarter of an hour or two for each
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh
build/forger weights get effnet-lite0
score=(--network effnet-lite0 --metrics fd,parzen)
if [[ ${1:-} == --small ]]; then
	data=emoji64 out=runs/reproduce-lapgan-small
	run=(--preset emoji64 --steps "${2:-3000}" --eval-every 1000 --eval-n 500 --eval-network effnet-lite0)
	plain=(--width 16 --batch 32 --steps "${2:-3000}" --eval-every 1000 --eval-n 500 --eval-network effnet-lite0)
	score+=(--n 2000)
else
	data=${1:?the folder of the data, or --small}
	preset=${2:-cifar10}
	out=runs/reproduce-lapgan-$preset
	run=(--preset "$preset") score+=(--n 10000)
	case $preset in
	cifar10*) plain=(--size 32) ;;
	stl10 | lsun) plain=() ;;
	*) echo "lapgan.sh: there is no preset $preset for a folder" >&2 && exit 2 ;;
	esac
fi
build/forger train lapgan --data "$data" --out "$out" --seed 1 "${run[@]}"
build/forger train dcgan --data "$data" --out "$out-dcgan" --seed 1 "${plain[@]}"
for folder in "$out" "$out-dcgan"; do
	build/forger eval "$folder" "${score[@]}"
	echo "Look at $folder/samples and open $folder/report.html"
done
