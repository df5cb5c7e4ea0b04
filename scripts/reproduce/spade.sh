#!/usr/bin/env bash
# Trains SPADE as the paper does, and scores and shows the test pictures.
#
#   scripts/reproduce/spade.sh DATA [PRESET]     the user's folder of train_label, train_img, …; PRESET is ade20k (default), coco or
#                                                cityscapes. Needs VGG19's weights (forger weights add) and a large GPU
#   scripts/reproduce/spade.sh --small [mr|earth]   128 pixels, on 2 cores in minutes; nothing is needed
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh
if [[ ${1:-} == --small ]]; then
	data=${2:-mr}
	out=runs/reproduce-spade-$data-small
	preset=$data
	[[ $data == earth ]] && preset=earth-small
	run=(--preset "$preset" --steps 600 --batch 4)
else
	data=${1:?the folder of the data, or --small}
	preset=${2:-ade20k}
	out=runs/reproduce-spade-$preset
	batch=32
	[[ $preset == cityscapes ]] && batch=16
	run=(--preset "$preset" --batch "$batch")
fi
build/forger train spade --data "$data" --out "$out" --seed 1 "${run[@]}"
build/forger eval "$out"
build/forger translate "$out" --out "$out/test"
echo
echo "Look at $out/test/index.html and open $out/report.html"
