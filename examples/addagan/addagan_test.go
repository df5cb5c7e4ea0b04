package addagan

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/internal/zootest"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
)

var small = Config{Latent: 8, Width: 4, LR: 1e-3}

var discs = zootest.Pictures{Items: 32, Channels: 1, Size: 32}

func TestThePageShowsTheWholeProgram(t *testing.T) {
	page, err := os.ReadFile("../../docs/add-a-gan.md")
	require.NoError(t, err)
	program, err := os.ReadFile("relativistic.go")
	require.NoError(t, err)
	var blocks []string
	for _, block := range regexp.MustCompile("(?s)```go\n(.*?)```\n").FindAllStringSubmatch(string(page), -1) {
		blocks = append(blocks, block[1])
	}
	require.Greater(t, len(blocks), 4)
	require.Equal(t, string(program), strings.Join(blocks, "\n"))
}

func TestItLearns(t *testing.T) {
	torchtest.Native(t)
	torch.ManualSeed(1)
	m, err := New(small)
	require.NoError(t, err)
	losses := zootest.Learns(t, m, discs, 8, 10, "D")
	require.Less(t, zootest.Mean(losses[5:]), zootest.Mean(losses[:5]), "%v", losses)
}

func TestAKilledRunEndsWithTheBitsOfAnUnbrokenOne(t *testing.T) {
	zootest.Resumes(t, func() (train.Model, error) { return System.New(&small) }, discs)
}

func TestTheCommandCanBuildIt(t *testing.T) {
	torchtest.Native(t)
	settings, preset, err := System.Settings("", "mnist")
	require.NoError(t, err)
	require.Equal(t, "small", preset)
	m, err := System.New(settings)
	require.NoError(t, err)
	require.Equal(t, System.Name, m.System())
	_, err = System.New(&Config{Width: -1})
	require.ErrorContains(t, err, "--width -1 must be at least 1")
}
