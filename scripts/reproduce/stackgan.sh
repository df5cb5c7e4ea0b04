#!/usr/bin/env bash
# Trains Stage I, then Stage II from it, and scores both: Fréchet distance and inception score.
#
#   scripts/reproduce/stackgan.sh DATA [birds|flowers|coco]   the programs' settings, on pictures with captions (train, test); --text is the length
#                                                             of their embeddings, 384 of MiniLM; a GPU, days
#   scripts/reproduce/stackgan.sh --small                     narrow networks on emoji that are fetched, Stage II at 128×128; 2 cores,
#                                                             about an hour
set -euo pipefail
script=$(realpath "$0")

if [[ ! ${1:-} =~ ^(--small|[^-].*)$ || ! ${2:-birds} =~ ^(birds|flowers|coco)$ ]]; then
  sed -n '2,7s/^# \{0,1\}//p' "$script" >&2
  exit 2
fi
data=$1
preset=${2:-birds}
[[ ! -e $data ]] || data=$(realpath "$data")
cd "$(dirname "$script")/../.."
scripts/setup.sh
forger() { build/forger "$@"; }

# stages FIRST SECOND OPTION… trains both stages with presets and scores them on the features of EfficientNet-Lite0, each at
# its size: the network sees pictures of 224×224 whatever that is, so the two can be compared.
stages() {
  local first=runs/reproduce-stackgan-$1 second=runs/reproduce-stackgan-$2 presets=("$1" "$2")
  shift 2
  forger weights get minilm
  forger weights get effnet-lite0
  forger train stackgan --out "$first" --seed 1 --preset "${presets[0]}" "$@"
  forger train stackgan --out "$second" --seed 1 --preset "${presets[1]}" --stage1 "$first" "$@"
  for run in "$first" "$second"; do
    forger eval "$run" --metrics fd,is --n "$n"
    echo "Open $run/report.html"
  done
}

if [[ $data == --small ]]; then
  n=2000
  stages emoji64 emoji128-stage2 --data emoji64:fluent
else
  n=30000
  stages "$preset" "$preset-stage2" --data "$data" --text 384
fi
