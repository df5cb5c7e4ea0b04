#!/usr/bin/env bash
# Kills training with -9 at random moments, resumes it each time, and checks that the final weights, averages, optimiser
# states, random streams, schedules, scaler and place in the data are those of an unbroken run, bit for bit. Needs LibTorch
# (scripts/setup.sh) and fetches the data.
#
#	scripts/crash.sh [KILLS [SYSTEM…]]    20 kills of dcgan by default, about a minute on two cores
#
# STEPS is how long a run is, 300 if not set. EXTRA holds more flags of the training: EXTRA="--amp bf16 --accumulate 2" scripts/crash.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kills=${1:-20}
systems=("${@:2}")
[ ${#systems[@]} -gt 0 ] || systems=(dcgan)

# small are the settings with which a system makes its steps in milliseconds.
small() {
	case $1 in
	dcgan) echo "--data mnist --size 16 --width 8" ;;
	gan) echo "--data ring8" ;;
	wgan) echo "--data mnist --size 16 --channels 1 --width 8 --critic 2" ;;
	wgangp) echo "--data mnist --size 32 --channels 1 --net cnn --width 2 --critic-width 2 --critic 2 --gen-batch 1" ;;
	pix2pix) echo "--data openmoji --size 32 --load 36 --downs 5 --width 4 --d-width 4 --layers 1" ;;
	cyclegan) echo "--data emoji64:noto-fluent --size 32 --load 36 --blocks 1 --width 4 --d-width 4" ;;
	srgan) echo "--data land --preset small-srresnet --blocks 1 --width 4 --crop 32 --adversarial 0.001 --d-width 4" ;;
	pix2pixhd) echo "--data earth --preset earth256 --size 32 --height 32 --width 4 --d-width 4" ;;
	spade) echo "--data mr --size 32 --height 32 --load 36 --width 1 --d-width 4" ;;
	vid2vid) echo "--data vtest --preset vtest --size 32 --width 4 --blocks 1 --d-width 2 --scales 1 --time-scales 1 --frames 3 --max-frames 3" ;;
	sngan | cgan) echo "--data mnist --width 4 --d-width 4 --critic 2" ;;
	acgan) echo "--data mnist --preset pytorch-gan --size 16" ;;
	sagan) echo "--data mnist --width 8 --d-width 8 --latent 8" ;;
	biggan) echo "--data mnist --width 2 --d-width 2 --latent 8" ;;
	rgan) echo "--data mnist --labels symmetric:0.5 --size 16 --width 4 --d-width 4 --critic 2" ;;
	cpgan) echo "--data mnist --classes 5to2 --size 16 --width 4 --d-width 4 --critic 2" ;;
	s3gan) echo "--data mnist --latent 8 --width 4" ;;
	lapgan) echo "--data mnist --sides 4,8,16 --channels 1 --latent 8 --base-width 16 --base-d-width 16 --width 4 --d-width 4 --epoch 20 --optimizer sgd --normalise pixel" ;;
	stackgan) echo "--data emoji64:fluent --preset emoji64 --width 4 --d-width 4 --condition 8 --latent 8" ;;
	*) echo "crash.sh: say here which settings make $1 small" >&2 && return 1 ;;
	esac
}

go build -o build/forger ./tools/forger
forger=$PWD/build/forger
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$work"' EXIT

# content is a hash of all tensors, and what the checkpoint says beside them, but for the time that it took.
content() {
	"$forger" inspect "$1" | tail -n 1
	python3 - "$1/checkpoints/latest.safetensors" <<'PY'
import json, struct, sys
with open(sys.argv[1], "rb") as f:
    header = json.loads(f.read(struct.unpack("<Q", f.read(8))[0]))
run = json.loads(header["__metadata__"]["forger.run"])
del run["seconds"]
print(json.dumps(run, sort_keys=True))
PY
}
writing() { compgen -G "$run/checkpoints/.*.forger-$pid-*" >/dev/null; } # its temporary files bear its number
now() { date +%s%3N; }

# ended waits for the run in $1.
ended() {
	if ! wait "$pid"; then
		echo "crash.sh: a run in $1 failed:" >&2
		cat "$work/log" >&2
		exit 1
	fi
	pid=
}

# finish waits for the run in $1 and compares it.
finish() {
	ended "$1"
	local got
	got=$(content "$1")
	if [ "$got" != "$whole" ]; then
		echo "crash.sh: after $made kills the run differs: $got" >&2
		exit 1
	fi
	if [ "$(grep -o '"step":[0-9]*' "$1/log.jsonl")" != "$(grep -o '"step":[0-9]*' "$work/whole/log.jsonl")" ]; then
		echo "crash.sh: after $made kills the log of $1 lacks or repeats steps" >&2
		exit 1
	fi
	runs=$((runs + 1))
}

for system in "${systems[@]}"; do
	# Not a function: one in the background would be a shell that is killed in place of the program.
	read -ra own <<<"$(small "$system")"
	read -ra extra <<<"${EXTRA:-}"
	train=("$forger" train "$system" "${own[@]}" --steps "${STEPS:-300}" --every 5 --batch 16 --ema 0.99 --threads 1 --device cpu "${extra[@]}" --out)

	start=$(now)
	"${train[@]}" "$work/whole" >/dev/null 2>"$work/log" &
	pid=$!
	ended "$work/whole"
	time=$(($(now) - start))
	whole=$(content "$work/whole")
	echo "$system: an unbroken run takes $time ms: ${whole%%$'\n'*}"

	made=0 saving=0 early=0 runs=0
	while [ "$made" -lt "$kills" ]; do
		run=$work/run$runs
		"${train[@]}" "$run" >/dev/null 2>"$work/log" &
		pid=$!
		while [ "$made" -lt "$kills" ]; do
			# Up to two thirds of a whole run, so that most of them need several lives.
			wait=$((RANDOM % (time * 2 / 3)))
			sleep "$((wait / 1000)).$(printf %03d $((wait % 1000)))"
			# Every second kill waits for a checkpoint to be in the writing.
			while [ $((made % 2)) = 1 ] && ! writing && kill -0 "$pid" 2>/dev/null; do :; done
			if ! kill -9 "$pid" 2>/dev/null; then
				break # it had ended
			fi
			wait "$pid" 2>/dev/null || true
			made=$((made + 1))
			if writing; then
				saving=$((saving + 1))
			fi
			if [ -f "$run/config.json" ]; then
				"$forger" resume "$run" >/dev/null 2>"$work/log" &
			else
				early=$((early + 1))
				"${train[@]}" "$run" >/dev/null 2>"$work/log" &
			fi
			pid=$!
		done
		finish "$run"
	done
	echo "$system: $made kills, $saving of them while a checkpoint was written, $early before the run folder was ready: $runs runs ended bit-equal to the unbroken one, each step logged once"
	rm -rf "${work:?}"/*
done
