#!/usr/bin/env bash
# Checks Forger on a machine with a GPU that has LibTorch 2.11 for CUDA (a Python installation of torch, or LIBTORCH
# set) and needs neither Go nor a network there.
#
#   scripts/gpu-check.sh pack    on a machine with Go: put binaries, shim, cases and MNIST in build/gpu
#   scripts/gpu-check.sh         on the GPU machine, with build/gpu beside this tree: run the checks
#
# DEVICE=cpu runs the same without a GPU, to try the script itself.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
pack=$PWD/build/gpu
device=${DEVICE:-cuda}

if [ "${1:-}" = pack ]; then
	scripts/setup.sh >/dev/null
	rm -rf "$pack" && mkdir -p "$pack"
	cp build/forger "$pack/"
	go test -c -o "$pack/dcgan.test" ./zoo/dcgan
	shim=$(build/forger doctor --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["shim"])')
	cp "$shim" "${shim%.so}.json" "$pack/"
	cp -r testdata/parity "$pack/parity"
	mnist=$(build/forger data get mnist --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["mnist"])')
	cp -r "$mnist" "$pack/mnist"
	echo "packed $(du -sh "$pack" | cut -f1) in build/gpu"
	exit
fi

[ -x "$pack/forger" ] || { echo "gpu-check.sh: build/gpu is missing; make it with scripts/gpu-check.sh pack where Go is" >&2; exit 1; }
if [ -z "${LIBTORCH:-}" ]; then
	LIBTORCH=$(python3 -c 'import importlib.util, os; print(os.path.dirname(importlib.util.find_spec("torch").origin))')
fi
export LIBTORCH FORGER_SHIM=$pack/libforger.so
out=${OUT:-$pack/out}
mkdir -p "$out"

echo "== what is here"
"$pack/forger" doctor

echo "== DCGAN against the official numbers on $device (tolerance: the case's own, at least 1e-3 of the magnitude on a GPU)"
FORGER_REQUIRE_NATIVE=1 FORGER_PARITY=$pack/parity FORGER_PARITY_DEVICE=$device "$pack/dcgan.test" -test.run Parity -test.v | tee "$out/parity.txt"

echo "== 200 steps on MNIST on $device"
rm -rf "$out/run"
"$pack/forger" train dcgan --data "$pack/mnist" --preset digits --out "$out/run" --steps 200 --device "$device"

echo "== time and memory of a step, Forger and Python side by side, three rounds"
for _ in 1 2 3; do
	"$pack/forger" bench dcgan --device "$device" --steps "${STEPS:-50}" --warmup 10 --json | tee -a "$out/bench.jsonl"
	python3 scripts/dcgan_peer.py --device "$device" --steps "${STEPS:-50}" --warmup 10 | tee -a "$out/bench.jsonl"
done
python3 - "$out/bench.jsonl" <<'PY'
import json, statistics, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
for key in ("ms_median", "peak_cuda_mb", "peak_rss_mb"):
    ours = statistics.median([l.get(key, 0) for l in lines if l["bench"] == "dcgan"][-3:])
    python = statistics.median([l.get(key, 0) for l in lines if l["bench"] == "dcgan-python"][-3:])
    print(f"{key}: Forger {ours:.1f}, Python {python:.1f}" + (f", ratio {ours / python:.3f}" if python else ""))
PY
