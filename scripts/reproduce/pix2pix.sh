#!/usr/bin/env bash
# Trains pix2pix as the paper does, translates the test pictures and scores them.
#
#   scripts/reproduce/pix2pix.sh DATA [PRESET]   a folder of pairs, such as facades, maps or edges2shoes: train and test (or val) of
#                                                pictures A|B, or trainA, trainB, testA and testB. PRESET is facades (default),
#                                                maps, edges2shoes, day2night or colorization. A GPU, hours
#   scripts/reproduce/pix2pix.sh --small         colours for the outlines of OpenMoji, 128 pixels, with and without the GAN;
#                                                2 cores, a quarter of an hour each
set -euo pipefail
script=$(realpath "$0")

case ${1:-} in
--small) ;;
-* | "")
	sed -n '2,9s/^# \{0,1\}//p' "$script" >&2
	exit 2
	;;
*) data=$(realpath "$1") ;;
esac
cd "$(dirname "$script")/../.."
scripts/setup.sh

# run NAME OPTION… trains a run, translates its test pictures and scores them.
run() {
	local out=runs/pix2pix-$1
	shift
	build/forger train pix2pix --out "$out" --seed 1 "$@"
	build/forger translate "$out" --out "$out/translated"
	build/forger eval "$out"
	echo "Input, output and target: $out/translated/index.html; the strip of every tenth of the run: $out/samples"
}

if [[ $1 == --small ]]; then
	build/forger data get openmoji
	build/forger weights get effnet-lite0
	run openmoji128 --data openmoji --preset openmoji128
	run openmoji-l1 --data openmoji --preset openmoji-l1
else
	preset=${2:-facades}
	run "$preset" --data "$data" --preset "$preset"
fi
