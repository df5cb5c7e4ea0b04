#!/usr/bin/env bash
# Trains many small steps (10,000, or the number given) and fails if a tensor is left over or resident memory grows.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
FORGER_REQUIRE_NATIVE=1 FORGER_LEAK_STEPS="${1:-10000}" \
	go test ./torch -run TestTrainingStepsLeaveNoTensorAndNoMemoryBehind -count=1 -v -timeout 60m
