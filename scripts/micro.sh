#!/usr/bin/env bash
# What a small operator costs, in nanoseconds, best of twenty rounds: the sum of two tensors of 4 elements in C++, in Go and,
# where FORGER_PYTHON names a Python with torch, there.
#
#   LIBTORCH=<folder with lib/ and include/> [FORGER_PYTHON=python] scripts/micro.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
: "${LIBTORCH:?the folder that holds lib/ and include/}"
build=build/micro
mkdir -p "$build"
c++ -std=c++20 -O2 -DNDEBUG -isystem "$LIBTORCH/include" -isystem "$LIBTORCH/include/torch/csrc/api/include" scripts/micro/add.cc \
	-o "$build/add" -L "$LIBTORCH/lib" -Wl,-rpath,"$LIBTORCH/lib" -Wl,--allow-shlib-undefined -ltorch_cpu -lc10
native=$("$build/add")
boxed_and_own=$(FORGER_REQUIRE_NATIVE=1 go test ./torch -run XXX -bench 'BenchmarkCall' -benchtime 50000x -count 20 |
	awk '/^BenchmarkCall/ { split($1, n, /[\/-]/); if (!(n[2] in best) || $3 < best[n[2]]) best[n[2]] = $3 }
	     END { printf "%.0f %.0f", best["generated"], best["boxed"] }')
read -r own boxed <<<"$boxed_and_own"
python=
if [ -n "${FORGER_PYTHON:-}" ]; then
	python=$("$FORGER_PYTHON" -c '
import time, torch
x, best = torch.ones(4), 1e9
with torch.no_grad():
    for _ in range(20):
        t = time.perf_counter_ns()
        for _ in range(50000): torch.add(x, x)
        best = min(best, (time.perf_counter_ns() - t) / 50000)
print(round(best))')
fi
awk -v c="$native" -v go="$own" -v call="$boxed" -v py="$python" 'BEGIN {
	printf "C++            %5d ns\nGo             %5d ns  %.2f of C++\nGo, torch.Call %5d ns  %.2f of C++\n", c, go, go / c, call, call / c
	if (py != "") printf "Python         %5d ns  %.2f of C++; Go is %.2f of Python\n", py, py / c, go / py
}'
