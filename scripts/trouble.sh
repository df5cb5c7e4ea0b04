#!/usr/bin/env bash
# Gets a training into trouble in each way that its user may meet: a signal, a picture that goes missing, a data file that is
# cut off, a full disk, weights that become NaN. It shows what the program says, and checks that the last checkpoint can be
# sampled and resumed, and, where the trouble was outside, that the resumed run ends as an unbroken one, bit for bit. Needs
# LibTorch (scripts/setup.sh); the full disk is a tmpfs, for which it must be root.
#
#	scripts/trouble.sh [SYSTEM…]    dcgan and wgangp by default, some minutes on two cores
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
systems=("$@")
[ ${#systems[@]} -gt 0 ] || systems=(dcgan wgangp)

# small are the settings with which a system makes its steps in milliseconds.
small() {
	case $1 in
	dcgan) echo "--size 16 --channels 1 --width 8" ;;
	wgangp) echo "--size 32 --channels 1 --width 2 --critic-width 2 --critic 2 --gen-batch 1" ;;
	*) echo "trouble.sh: say here which settings make $1 small" >&2 && return 1 ;;
	esac
}

work=$(mktemp -d)
pid='' mounted=''
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; [ -z "$mounted" ] || umount "$mounted"; rm -rf "$work"' EXIT
forger=$work/forger
go build -o "$forger" ./tools/forger

fail() {
	echo "trouble.sh: $*" >&2
	exit 1
}
content() { "$forger" inspect "$1" | tail -n 1; }
quiet() { "$@" >/dev/null 2>"$work/log" || fail "$* failed: $(cat "$work/log")"; }

# begin trains in $run, whose data are $1, in the background, and waits for step 50.
begin() {
	run=$work/$system-$((count += 1))
	rm -rf "$run"
	"${train[@]}" --data "$1" --out "$run" "${@:2}" >/dev/null 2>"$work/log" &
	pid=$!
	until grep -q '"step":50\b' "$run/log.jsonl" 2>/dev/null; do
		kill -0 "$pid" 2>/dev/null || fail "$system ended before step 50: $(cat "$work/log")"
		sleep 0.01
	done
}

# ends waits for the end of the run with code $1 and a last line like $2, and shows it.
ends() {
	local code=0
	wait "$pid" || code=$?
	pid=''
	local said
	said=$(tr '\r' '\n' <"$work/log" | grep . | tail -n 1)
	echo "  exit $code: ${said//$work/…}"
	[ "$code" = "$1" ] || fail "that should have ended with $1: $(cat "$work/log")"
	grep -qE "$2" <<<"$said" || fail "that is not like $2"
}

# goesOn samples the last checkpoint of $run, resumes it, and compares the end with the content $1, if there is one.
goesOn() {
	quiet "$forger" sample "$run" --n 4 --out "$work/sampled"
	quiet "$forger" resume "$run"
	[ $# = 0 ] || [ "$(content "$run")" = "$1" ] || fail "the resumed $run differs from an unbroken one"
	echo "  resumed to step $(tail -n 1 "$run/log.jsonl" | grep -o '"step":[0-9]*' | cut -d: -f2)${1:+, bit-equal to an unbroken run}"
	rm -rf "$run"
}

for system in "${systems[@]}"; do
	read -ra own <<<"$(small "$system")"
	train=("$forger" train "$system" "${own[@]}" --steps 150 --every 20 --batch 8 --threads 1 --device cpu)
	count=0 data=$work/data

	# Pictures, which an untrained system makes.
	quiet "${train[@]}" --data mnist --steps 1 --out "$work/first"
	quiet "$forger" sample "$work/first" --n 100 --out "$data"
	rm -rf "$work/first" "$data/grid.png"
	pictures=("$data"/*.png)
	quiet "$forger" data pack "$data" "$work/shard" --size "$(grep -oE 'size [0-9]+' <<<"${own[*]}" | cut -d' ' -f2)" --channels 1
	quiet "${train[@]}" --data "$data" --out "$work/whole"
	whole=$(content "$work/whole")

	for signal in INT TERM; do
		echo "$system: SIG$signal"
		begin "$data"
		kill -"$signal" "$pid"
		ends 130 'interrupted after step [0-9]+, saved; go on with: forger resume'
		goesOn "$whole"
	done

	echo "$system: a picture is removed"
	begin "$data"
	mv "${pictures[17]}" "$work/aside"
	ends 1 'saved after step [0-9]+: mend the data, then go on with: forger resume'
	mv "$work/aside" "${pictures[17]}"
	goesOn "$whole"

	echo "$system: a shard is cut off"
	cp "$work/shard" "$work/copy"
	begin "$work/shard"
	truncate -s 1000 "$work/shard"
	ends 1 'saved after step [0-9]+: mend the data, then go on with: forger resume'
	cp "$work/copy" "$work/shard"
	goesOn

	if [ "$(id -u)" = 0 ]; then
		echo "$system: a full disk"
		mounted=$work/disk
		mkdir -p "$mounted"
		size=$(du -sb "$work/whole" | cut -f1) # enough for a run that keeps three checkpoints
		mount -t tmpfs -o "size=$size" forger-trouble "$mounted"
		run=$mounted/run
		"${train[@]}" --data "$data" --out "$run" --keep 100 >/dev/null 2>"$work/log" &
		pid=$!
		ends 1 'no space left on device; once there is room, go on from the last checkpoint with: forger resume'
		mount -o "remount,size=$((size * 10))" "$mounted"
		goesOn "$whole"
		umount "$mounted"
		mounted=''
	else
		echo "$system: no full disk, which needs root"
	fi

	# The fault is built into a copy of the program.
	echo "$system: weights become NaN in step 70, once and then in each step"
	sed 's/^func (m \*Model) Step(/func (m *Model) step(/' "zoo/$system/model.go" >"$work/model.go"
	for when in '== 70' '>= 70'; do
		cat >"$work/fault.go" <<-GO
			package $system

			import (
				"math"

				"github.com/forgergan/forger/gan/train"
				"github.com/forgergan/forger/torch"
				"github.com/forgergan/forger/torch/nn"
			)

			var made int

			func (m *Model) Step(b *train.Batch) train.Metrics {
				if made++; made $when {
					torch.NoGrad(func() { nn.Parameters(m.G)[0].FillInPlace(math.NaN()) })
				}
				return m.step(b)
			}
		GO
		cat >"$work/overlay.json" <<-JSON
			{"Replace": {"$PWD/zoo/$system/model.go": "$work/model.go", "$PWD/zoo/$system/fault.go": "$work/fault.go"}}
		JSON
		go build -overlay "$work/overlay.json" -o "$work/faulty" ./tools/forger
		train[0]=$work/faulty
		begin "$data"
		if [ "$when" = '== 70' ]; then
			ends 0 'step 150/150'
			grep -aoE 'going back from step [0-9]+ to .*' "$work/log" | sed 's/^/  /' || fail "it did not go back: $(cat "$work/log")"
		else
			ends 1 'the fourth time after the last checkpoint, which is kept'
		fi
		goesOn
	done
	rm -rf "$data" "$work/whole"
done
