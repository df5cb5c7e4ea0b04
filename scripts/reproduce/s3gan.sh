#!/usr/bin/env bash
# Takes most labels of a set away, infers them again, and trains S3GAN and its relatives on what is left.
#
#	scripts/reproduce/s3gan.sh DATA [PRESET] [SHARE]    a folder with train and test, of a folder for each class. PRESET is
#	                                                    imagenet128-10pct (default) or cifar10-10pct, SHARE of the labels is 0.1:
#	                                                    a GPU, days. FID needs Inception's weights (forger weights list), without which the
#	                                                    Fréchet distance is FD-EffNetLite0
#	scripts/reproduce/s3gan.sh --small [STEPS]          600 pictures of Fashion-MNIST, of which 60 have a label: seven runs, on a core
#	                                                    about half an hour each
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

scripts/setup.sh
build/forger weights get effnet-lite0
share=${3:-0.1} some=
if [[ ${1:-} == --small ]]; then
	data=fashion-mnist preset=fashion-small share=0.1 some=items:0.01,
	infer=(--size 32 --channels 1 --steps 300)
	common=(--batch 32 --width 12 --steps "${2:-3000}")
	score=(--network digits --n 5000 --standing 32 --batch 64) metrics=fd,gan-test
else
	data=${1:?the folder of the data, or --small}
	preset=${2:-imagenet128-10pct}
	case $preset in
	imagenet128-10pct) infer=(--size 128 --steps 200000 --batch 256) common=(--batch 256 --accumulate 4 --steps 250000) ;;
	cifar10-10pct) infer=(--steps 20000) common=(--batch 64 --steps 50000) ;;
	*) echo "s3gan.sh: there is no preset $preset for a folder" >&2 && exit 2 ;;
	esac
	score=(--network effnet-lite0,inception --n 50000 --standing 3200 --batch 64) metrics=fd,is
fi
name=runs/reproduce-s3gan-$(basename "$data")-${some//[:,]/-}$share
mkdir -p runs
labels=$name-inferred.json
[[ -e $labels ]] || build/forger data infer "$data" "$labels" --labels "${some}keep:$share" --seed 1 "${infer[@]}"

# run NAME OPTION… trains one of the family and scores it.
run() {
	local out=$name-$1
	shift
	build/forger train s3gan --data "$data" --out "$out" --seed 1 --preset "$preset" "${common[@]}" "$@"
	build/forger eval "$out" --metrics "$metrics" "${score[@]}"
	echo "Look at $out/samples and open $out/report.html"
}

run all-labels --labels "${some}keep:1" --self-supervision none
run s3gan --labels "file:$labels"
run s3gan-co --labels "${some}keep:$share" --predictor
run s2gan --labels "file:$labels" --self-supervision none
run s2gan-co --labels "${some}keep:$share" --self-supervision none --predictor
run labelled-only --labels "${some}only:$share" --self-supervision none
metrics=${metrics%,gan-test} # of classes, which the last one has not
run single --labels "${some}keep:1" --baseline single
