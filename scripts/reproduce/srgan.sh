#!/usr/bin/env bash
# Trains SRResNet, then SRGAN from its weights, and scores both against bicubic enlargement: PSNR and SSIM of brightness.
#
#   scripts/reproduce/srgan.sh PHOTOS     the paper's settings on a folder of photographs (train, test); a GPU, days. Needs the
#                                         weights of VGG19 (forger weights add)
#   scripts/reproduce/srgan.sh --small    half the blocks, half as wide, on photographs that are fetched; 2 cores, minutes
set -euo pipefail
script=$(realpath "$0")

if [[ ! ${1:-} =~ ^(--small|[^-].*)$ ]]; then
  sed -n '2,6s/^# \{0,1\}//p' "$script" >&2
  exit 2
fi
data=$1
[[ $data == --small ]] || data=$(realpath "$data")
cd "$(dirname "$script")/../.."
scripts/setup.sh
forger() { build/forger "$@"; }

# run NAME OPTION… trains a run and scores it.
run() {
  local out=runs/reproduce-$1
  shift
  forger train srgan --out "$out" --seed 1 "$@"
  forger eval "$out"
  echo "Open $out/report.html"
}

# latest NAME is the checkpoint that the run ended with.
latest() { echo "runs/reproduce-$1/checkpoints/latest.safetensors"; }

if [[ $data == --small ]]; then
  forger data get photos
  forger weights get effnet-lite0
  forger train srgan --out runs/reproduce-srresnet-fast --seed 1 --data photos --preset small-srresnet --steps 6000 --batch 8
  run srresnet-small --data photos --preset small-srresnet --lr 0.0001 --steps 2400 --batch 16 --ema 0.995:constant --init "$(latest srresnet-fast)"
  run srgan-small --data photos --preset small --content-weight 0.0005 --adversarial 0.002 --steps 700 --batch 8 --ema 0.99:constant \
    --init "$(latest srresnet-small)"
else
  run srresnet --data "$data" --preset srresnet
  run srgan --data "$data" --preset paper --init "$(latest srresnet)"
fi
