#!/usr/bin/env bash
# Builds gotorch's C++ part against Forger's LibTorch and runs the bridge's tests, those of its example and gotorch's own
# suite. Fails where a test does that is not among the known ones, or where one of these passes. With a number, as 10000,
# the loop through the bridge makes so many steps and its resident memory is judged.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# These fail on LibTorch 2.11, and should:
known="TestTensorGobEncode|TestFunctionalBinaryCrossEntropy|TestFunctionalCrossEntropy"
explain() {
	cat <<-END
		  TestTensorGobEncode               wants the bytes of LibTorch 1.6's pickle; those of 2.11 are others, and decode
		  TestFunctionalBinaryCrossEntropy  has targets outside [0, 1], which LibTorch refuses since 1.7
		  TestFunctionalCrossEntropy        CAUSE
	END
}

scripts/setup.sh
field() { build/forger doctor --json | python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
tools=$(field cache)/tools # where the set-up puts cmake and ninja if the machine has none
export PATH=$PATH:$tools/cmake/data/bin:$tools/bin
cmake -S third_party/gotorch -B build/gotorch -G Ninja -DLIBTORCH="$(field libtorch)" >/dev/null
ninja -C build/gotorch

go vet -tags gotorch ./torch/gotorch ./examples/gotorch-dcgan
FORGER_REQUIRE_NATIVE=1 FORGER_LEAK_STEPS="${1:-}" \
	go test -tags gotorch -count=1 -v ./torch/gotorch ./examples/gotorch-dcgan | tee build/gotorch/bridge.txt | grep -v "^=== "

build=$PWD/build/gotorch
export CGO_LDFLAGS="-L$build -L$build/link -Wl,-rpath,$build -Wl,--allow-shlib-undefined"
suite=github.com/wangkuiyi/gotorch
packages="$suite $suite/nn $suite/nn/initializer $suite/nn/functional"
count() { grep -c "^--- $1" "$2" || true; }
unexpected=0
go test -count=1 -v -skip "^($known)\$" $packages >build/gotorch/suite.txt 2>&1 || unexpected=1
go test -count=1 -v -run "^($known)\$" $packages >build/gotorch/known.txt 2>&1 || true
grep -A20 "^--- FAIL" build/gotorch/suite.txt || true
if [ "$(count PASS build/gotorch/known.txt)" != 0 ]; then
	grep "^--- PASS" build/gotorch/known.txt
	echo "test-gotorch.sh: a test that is known to fail passes: take it off the list" >&2
	unexpected=1
fi
echo "bridge and example: $(count PASS build/gotorch/bridge.txt) tests passed"
echo "gotorch's own suite on LibTorch 2.11: $(count PASS build/gotorch/suite.txt) passed," \
	"$(count FAIL build/gotorch/suite.txt) failed, and these as they must:"
explain
exit $unexpected
