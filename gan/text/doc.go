// Package text turns sentences into vectors, near to each other where they mean the same.
//
//	encoder := text.New(text.Options{})
//	vectors, err := encoder.Encode(ctx, []string{"a red bus", "an orange coach"}) // 2 · 384 values
//
// The encoder is all-MiniLM-L6-v2 (Wang et al. 2020; Reimers and Gurevych 2019), which runs here: word pieces of [Tokens],
// the network [MiniLM], the mean over the tokens, length 1. Its weights are the file minilm of package features: forger
// weights get minilm fetches them.
package text
