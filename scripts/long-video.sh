#!/usr/bin/env bash
# Makes a video of 1,000 frames with vid2vid, there and back through the test frames of vtest, and fails if the process holds more
# memory at its last frame than at its hundredth, but for 16 MB. Needs LibTorch (scripts/setup.sh) and fetches the data.
#
#	scripts/long-video.sh [FRAMES]    about three minutes on one core
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
frames=${1:-1000}

go build -o build/forger ./tools/forger
forger=$PWD/build/forger
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$work"' EXIT

vtest=$("$forger" data get vtest | sed -n 's/^vtest in //p')
for side in A B; do
	mkdir -p "$work/data/test_$side/long"
	ln -s "$vtest/train_$side" "$work/data/"
	there=("$vtest/test_$side/vtest"/*.png)
	n=${#there[@]}
	for ((i = 0; i < frames; i++)); do
		k=$((i % (2 * n - 2)))
		ln -s "${there[k < n ? k : 2 * n - 2 - k]}" "$work/data/test_$side/long/$(printf %06d.png "$i")"
	done
done
"$forger" train vid2vid --data "$work/data" --preset vtest --steps 2 --threads 1 --device cpu --out "$work/run" >/dev/null

"$forger" translate "$work/run" -n "$frames" --out "$work/out" --threads 1 --device cpu >"$work/log" &
pid=$!
# resident waits until a frame is there and says what the process holds in kB.
resident() {
	until [ -s "$work/out/long/$(printf %06d.png "$1")" ]; do
		kill -0 "$pid" 2>/dev/null || { cat "$work/log" >&2 && return 1; }
		sleep 0.05
	done
	awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"
}
early=$(resident 100)
late=$(resident $((frames - 1)))
wait "$pid"
pid=
echo "resident at frame 100: $((early / 1024)) MB, at frame $frames: $((late / 1024)) MB"
((late <= early + 16 * 1024)) || { echo "long-video.sh: memory grows with the length of a video" >&2 && exit 1; }
