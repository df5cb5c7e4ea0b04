package stackgan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint"
	"github.com/forgergan/forger/torch/data"
	"github.com/forgergan/forger/torch/nn"
)

// Begin gives a Stage II the Stage I that the settings name, with averaged weights where that run has some. Without a name
// it must have come with a whole Stage II.
func (m *Model) Begin(data.Dataset) (err error) {
	g, second := m.G.(*Stage2)
	switch {
	case !second:
		return nil
	case m.config.Stage1 != "":
		torch.Scope(func() { err = loadStage1(m.config.Stage1, g.Stage1) })
	case g.Stage1.FC.Layers[1].(*nn.BatchNorm1d).NumBatchesTracked.Item() == 0:
		return fmt.Errorf("stackgan: --stage 2 begins with a trained Stage I: name its run with --stage1")
	}
	return err
}

// loadStage1 copies the generator of a run, of a checkpoint or of a file of its tensors alone, as netG_epoch_600.pth.
func loadStage1(path string, g *Stage1) error {
	file, err := train.FindCheckpoint(path)
	if err != nil {
		return fmt.Errorf("stackgan: --stage1: %w", err)
	}
	state, err := checkpoint.Load(file)
	if err != nil {
		return fmt.Errorf("stackgan: --stage1: %w", err)
	}
	given := state
	if inside := checkpoint.Under(state, "G."); inside != nil {
		given = append(inside, checkpoint.Under(state, "ema.G.")...) // an average goes before the last weights
	}
	if slices.ContainsFunc(given, func(e nn.Entry) bool { return strings.HasPrefix(e.Name, "STAGE1_G.") }) {
		return fmt.Errorf("stackgan: --stage1 %s is a Stage II: to go on from it take --init", path)
	}
	for _, e := range nn.StateDict(g) {
		old := strings.HasSuffix(e.Name, "num_batches_tracked") && !slices.ContainsFunc(given, func(o nn.Entry) bool { return o.Name == e.Name })
		if old { // older files do not have it
			given = append(given, e)
		}
	}
	if err := nn.LoadStateDict(g, given, true); err != nil {
		return fmt.Errorf("stackgan: --stage1 %s is no Stage I of these settings (--flavour, --text, --condition, --latent, --width): %w", path, err)
	}
	return nil
}
