#!/usr/bin/env bash
# Builds the shim with AddressSanitizer in a folder of its own and runs package torch's tests on it: every operator, slots,
# scopes, frames, errors, random calls from eight goroutines. The first argument is LibTorch's folder, others go to the tests.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
libtorch="${1:-${LIBTORCH:-}}"
shift || true
build=build/asan
cmake -S . -B "$build" -G Ninja -DLIBTORCH="$libtorch" -DCMAKE_CXX_FLAGS="-fsanitize=address -fno-omit-frame-pointer -g1" >/dev/null
ninja -C "$build" | tail -n 1
go test -c -o "$build/torch.test" ./torch
cd torch
# Go handles SIGSEGV itself; what LibTorch keeps for the process is no leak. AddressSanitizer holds freed memory back, so the
# test that measures it is left out.
LD_PRELOAD="$(c++ -print-file-name=libasan.so) $(c++ -print-file-name=libstdc++.so.6)" \
	ASAN_OPTIONS=detect_leaks=0:handle_segv=0:handle_sigfpe=0:use_sigaltstack=0:allocator_may_return_null=1 \
	FORGER_SHIM="$OLDPWD/$build/libforger.so" FORGER_REQUIRE_NATIVE=1 \
	"../$build/torch.test" -test.timeout 60m -test.skip TestCheckpointsLowerTheMemory "$@"
echo "AddressSanitizer found nothing"
