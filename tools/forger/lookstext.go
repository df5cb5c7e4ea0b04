package main

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	pics "github.com/forgergan/forger/gan/pictures"
	"github.com/forgergan/forger/gan/text"
	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/data/captions"
)

// readText reads the sentences of --text and --sentences.
func readText(c *cli.Context) (look, error) {
	var sentences []string
	add := func(flag string, lines []string) error {
		for _, s := range lines {
			if err := text.Check(s); err != nil {
				return usage("--%s: %v", flag, err)
			}
		}
		sentences = append(sentences, lines...)
		return nil
	}
	if err := add("text", c.StringSlice("text")); err != nil {
		return nil, err
	}
	if c.IsSet("sentences") {
		lines, err := captions.ReadFile(c.String("sentences"))
		if err != nil {
			return nil, usage("--sentences: %v", err)
		}
		if err := add("sentences", lines); err != nil {
			return nil, err
		}
	}
	between := c.Int("between")
	if c.IsSet("between") && (between < 2 || len(sentences) < 2) {
		return nil, usage("--between takes at least 2 pictures and 2 sentences, not %d and %d", between, len(sentences))
	}
	return func(_ string, m train.Sampler) error {
		t, ok := m.(train.Texted)
		if !ok {
			return fmt.Errorf("--text needs a system that makes pictures of sentences, and %s does not", m.System())
		}
		vectors, err := encode(c, t, sentences)
		if err != nil {
			return err
		}
		if between > 0 {
			return sampleBetween(c, t, sentences, vectors)
		}
		columns := max(1, c.Int("n")/len(sentences))
		rows := vectors.RepeatInterleave(columns, torch.RepeatInterleaveOptions{Dim: new(0)})
		x, err := collect(c, rows.Size(0), func(from, k int) *torch.Tensor { return t.SampleText(rows.Narrow(0, from, k)) })
		if err != nil {
			return err
		}
		return saveLook(c, "text", pics.Captioned(x, columns, sentences), len(sentences), columns)
	}, nil
}

// encode embeds sentences for a system: (n, TextSize).
func encode(c *cli.Context, m train.Texted, sentences []string) (*torch.Tensor, error) {
	encoder := text.New(text.Options{})
	if m.TextSize() != encoder.Size() {
		return nil, fmt.Errorf("this %s takes embeddings of %d values, as its data had them, and %s makes %d: train it on captions that %s embeds",
			m.System(), m.TextSize(), encoder.Name(), encoder.Size(), encoder.Name())
	}
	vectors, err := encoder.Encode(c.Context, sentences)
	if err != nil {
		return nil, fmt.Errorf("--text: %w", err)
	}
	return torch.FromSlice(vectors, len(sentences), encoder.Size()), nil
}

// sampleBetween walks straight from the embedding of each sentence to that of the next. All pictures of a row have the same
// random numbers.
func sampleBetween(c *cli.Context, m train.Texted, sentences []string, vectors *torch.Tensor) error {
	steps, last := c.Int("between"), len(sentences)-1
	walks := pics.Lerp(vectors.Narrow(0, 0, last), vectors.Narrow(0, 1, last), steps)
	names := make([]string, last)
	for i := range names {
		names[i] = strings.Join(sentences[i:i+2], " → ")
	}
	var made []*torch.Tensor
	for i := range walks.Size(0) {
		if err := c.Context.Err(); err != nil {
			return err
		}
		torch.ManualSeed(c.Int64("seed") + int64(i/steps))
		made = append(made, torch.Tidy(func() *torch.Tensor {
			return m.SampleText(walks.Narrow(0, i, 1)).To(torch.ToOptions{Device: new(torch.Device), DType: torch.Float32})
		}))
	}
	return saveLook(c, "text", pics.Captioned(torch.Cat(made), steps, names), last, steps)
}
