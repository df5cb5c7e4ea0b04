#!/usr/bin/env bash
# Trains pix2pixHD as published and scores its translations of the test pictures.
#
#   scripts/reproduce/pix2pixhd.sh CITYSCAPES     a folder with train_label, train_inst, train_img and test_…; a GPU, days
#   scripts/reproduce/pix2pixhd.sh --earth        relief maps to satellite pictures of 512 pixels; a GPU, hours
#   scripts/reproduce/pix2pixhd.sh --small        the same of 256 pixels, small networks; 2 cores, minutes
#
# CITYSCAPES needs the weights of VGG19 (forger weights add), --earth those of EfficientNet-Lite0 (forger weights get).
set -euo pipefail
script=$(realpath "$0")

if [[ ! ${1:-} =~ ^(--small|--earth|[^-].*)$ ]]; then
  sed -n '2,9s/^# \{0,1\}//p' "$script" >&2
  exit 2
fi
data=${1#--}
[[ $1 == --* ]] || data=$(realpath "$1")
cd "$(dirname "$script")/../.."
scripts/setup.sh
forger() { build/forger "$@"; }

# run NAME OPTION… trains a run, translates its test pictures and scores them.
run() {
  local out=runs/pix2pixhd-$1
  shift
  forger train pix2pixhd --out "$out" --seed 1 "$@"
  forger translate "$out" --out "$out/translated"
  forger eval "$out"
  echo "Look at $out/translated/index.html and open $out/report.html"
}

case $data in
small)
  forger data get earth
  run earth256 --data earth --preset earth256 --steps 600 --sample-every 200
  ;;
earth)
  forger data get earth
  forger weights get effnet-lite0
  run earth512 --data earth --preset earth512
  ;;
*)
  run cityscapes --data "$data" --preset cityscapes
  run cityscapes-2048 --data "$data" --preset cityscapes-2048 --init runs/pix2pixhd-cityscapes/checkpoints/latest.safetensors
  ;;
esac
