#!/usr/bin/env bash
# Builds gotorch's C++ part against Forger's LibTorch, then runs the tests of the bridge and of its example, and gotorch's
# own suite. Fails where a test fails that must not, or one passes that is known to fail. With a number, as 10000, the loop
# through the bridge makes so many steps, and its resident memory is judged.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

scripts/setup.sh
found() { build/forger doctor --json | python3 -c "import json, sys; print(json.load(sys.stdin)['$1'])"; }
tools=$(found cache)/tools # where the set-up puts cmake and ninja if the machine has none
export PATH=$PATH:$tools/cmake/data/bin:$tools/bin
cmake -S third_party/gotorch -B build/gotorch -G Ninja -DLIBTORCH="$(found libtorch)" >/dev/null
ninja -C build/gotorch

go vet -tags gotorch ./torch/gotorch ./examples/gotorch-dcgan
FORGER_REQUIRE_NATIVE=1 FORGER_LEAK_STEPS="${1:-}" \
	go test -tags gotorch -count=1 -v ./torch/gotorch ./examples/gotorch-dcgan | tee build/gotorch/bridge.txt | grep -v "^=== "

# gotorch's suite needs no tag, and so has to be told where its libraries are.
build=$PWD/build/gotorch
export CGO_LDFLAGS="-L$build -L$build/link -Wl,-rpath,$build -Wl,--allow-shlib-undefined"
gotorch=github.com/wangkuiyi/gotorch
names=TestTensorGobEncode\|TestFunctionalBinaryCrossEntropy\|TestFunctionalCrossEntropy
count() { grep -c "^--- $1" "$2" || true; }
unexpected=0
# TestTensorGC gives the collector a hundredth of a second, which a busy machine does not always: it has five tries.
go test -count=1 -v -skip "^($names|TestTensorGC)\$" $gotorch $gotorch/nn $gotorch/nn/initializer $gotorch/nn/functional \
	>build/gotorch/suite.txt 2>&1 || unexpected=1
for try in 1 2 3 4 5; do
	go test -count=1 -v -run '^TestTensorGC$' $gotorch >build/gotorch/gc.txt 2>&1 && break
done
cat build/gotorch/gc.txt >>build/gotorch/suite.txt
grep -q '^--- PASS' build/gotorch/gc.txt || unexpected=1
if [ $unexpected = 1 ]; then
	grep -v "^=== \|^--- PASS" build/gotorch/suite.txt
fi
echo "bridge and example: $(count PASS build/gotorch/bridge.txt) tests passed"
echo "gotorch's own suite: $(count PASS build/gotorch/suite.txt) tests passed, $(count FAIL build/gotorch/suite.txt) failed, and these as known:"

# known runs a test that must fail.
known() {
	local test=$1 package=$2 why=$3
	if go test -count=1 -run "^$test\$" "$gotorch$package" >build/gotorch/known.txt 2>&1 || ! grep -q "^--- FAIL: $test " build/gotorch/known.txt; then
		echo "test-gotorch.sh: $test is known to fail, but did not run or passed" >&2
		unexpected=1
	else
		echo "  $test $why"
	fi
}
known TestTensorGobEncode "" "wants the very bytes of LibTorch 1.6's pickle; that what is encoded decodes is another test, which passes"
known TestFunctionalBinaryCrossEntropy /nn/functional "has targets outside [0, 1], which LibTorch now refuses"
known TestFunctionalCrossEntropy /nn/functional "wants a number printed as 2.36302; LibTorch now prints 2.363023415455665"
exit $unexpected
