//go:build gotorch

package gotorch_test

import (
	"testing"

	"github.com/forgergan/forger/torch/torchtest"
)

func TestMain(m *testing.M) { torchtest.Main(m) }
