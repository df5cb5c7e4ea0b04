#!/usr/bin/env bash
# Trains vid2vid as published, makes videos of the test sequences and scores them.
#
#   scripts/reproduce/vid2vid.sh STREETS FLOWNET2   a folder with train_A, train_B, train_inst and test_…, and FlowNet2's weights; GPUs, days
#   scripts/reproduce/vid2vid.sh --small            masks and edges of vtest to its frames, 128 pixels wide; one core, an hour or so
#
# STREETS needs the weights of VGG19 (forger weights add). --small also trains a pix2pixHD, which makes each frame alone, on the same
# frames: look at which of the two videos flickers, and compare their warping errors.
set -euo pipefail
script=$(realpath "$0")

if [[ ! ${1:-} =~ ^(--small|[^-].*)$ ]]; then
  sed -n '2,8s/^# \{0,1\}//p' "$script" >&2
  exit 2
fi
data=${1#--}
[[ $1 == --* ]] || data=$(realpath "$1")
[[ $1 == --* ]] || flownet=$(realpath "$2")
cd "$(dirname "$script")/../.."
scripts/setup.sh
forger() { build/forger "$@"; }

# run SYSTEM NAME OPTION… trains a run, makes its test videos and scores them.
run() {
  local system=$1 out=runs/vid2vid-$2
  shift 2
  forger train "$system" --out "$out" --seed 1 "$@"
  forger translate "$out" --out "$out/translated" -n 155
  forger eval "$out"
  echo "Look at $out/translated/index.html and open $out/report.html"
}

case $data in
small)
  run vid2vid vtest --data vtest --preset vtest --threads 1 --sample-every 100
  run pix2pixhd vtest-frames --data vtest --classes 0 --no-instance --no-flip --size 128 --height 96 --width 16 --downs 2 --blocks 4 \
    --d-width 16 --threads 1 --steps 12800 --sample-every 1280
  ;;
*)
  run vid2vid street512 --data "$data" --preset street512 --flow-file "$flownet"
  run vid2vid street1024 --data "$data" --preset street1024 --flow-file "$flownet" --init runs/vid2vid-street512/checkpoints/latest.safetensors
  ;;
esac
