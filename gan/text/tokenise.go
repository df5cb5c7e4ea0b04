package text

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// The vocabulary of bert-base-uncased (Devlin et al. 2019; Apache-2.0), which MiniLM has: token i is line i, counted from 0.
//
//go:embed vocab.txt
var vocabulary string

const (
	unknown = 100 // the id of [UNK], a word that no pieces make up
	first   = 101 // [CLS] begins a text
	last    = 102 // [SEP] ends it

	firstWord = 999 // those before are placeholders

	longestWord = 100 // characters; a longer one is unknown
)

// MaxTokens is the length to which texts are cut, as all-MiniLM-L6-v2 was trained.
const MaxTokens = 256

// special are the tokens that may stand in a text and are not taken apart.
var special = []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}

// ids has the number of each token.
var ids = sync.OnceValue(func() map[string]int64 {
	lines := strings.Split(strings.TrimSuffix(vocabulary, "\n"), "\n")
	out := make(map[string]int64, len(lines))
	for i, token := range lines {
		out[token] = int64(i)
	}
	return out
})

// Tokens returns the numbers of the word pieces of a text, between those of [CLS] and [SEP], at most [MaxTokens]: BERT's
// uncased tokenisation. Any string is a text.
func Tokens(text string) []int64 {
	out := append(words(text), last)
	if len(out) > MaxTokens-1 {
		out = append(out[:MaxTokens-2], last)
	}
	return append([]int64{first}, out...)
}

// words returns the numbers of the pieces of a text.
func words(text string) (out []int64) {
	for text != "" {
		at, token := len(text), ""
		for _, s := range special {
			if i := strings.Index(text, s); i >= 0 && i < at {
				at, token = i, s
			}
		}
		for _, word := range split(normalise(text[:at])) {
			out = append(out, pieces(word)...)
		}
		if token != "" {
			out = append(out, ids()[token])
		}
		text = text[at+len(token):]
	}
	return out
}

// normalise drops what cannot be seen, sets Chinese characters apart, and takes away accents and capitals.
func normalise(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co):
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.In(r, chinese):
			b.WriteString(" " + string(r) + " ")
		default:
			b.WriteRune(r)
		}
	}
	return strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(b.String()))
}

// chinese are the blocks of ideographs that BERT sets apart.
var chinese = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x3400, Hi: 0x4dbf, Stride: 1}, {Lo: 0x4e00, Hi: 0x9fff, Stride: 1}, {Lo: 0xf900, Hi: 0xfaff, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x20000, Hi: 0x2a6df, Stride: 1}, {Lo: 0x2a700, Hi: 0x2b73f, Stride: 1}, {Lo: 0x2b740, Hi: 0x2b81f, Stride: 1},
		{Lo: 0x2b920, Hi: 0x2ceaf, Stride: 1}, {Lo: 0x2f800, Hi: 0x2fa1f, Stride: 1}},
}

// split returns the words of a text, each punctuation mark as one of its own.
func split(text string) (out []string) {
	for _, field := range strings.Fields(text) {
		from := 0
		for i, r := range field {
			if !punctuation(r) {
				continue
			}
			if from < i {
				out = append(out, field[from:i])
			}
			from = i + len(string(r))
			out = append(out, field[i:from])
		}
		if from < len(field) {
			out = append(out, field[from:])
		}
	}
	return out
}

// punctuation is Unicode's, and all of ASCII that is neither letter, digit, space nor control.
func punctuation(r rune) bool {
	return r < 0x80 && unicode.In(r, unicode.P, unicode.S) || unicode.IsPunct(r)
}

// pieces cuts a word into the longest pieces of the vocabulary, from the left (Wu et al. 2016); those after the first begin
// with ##.
func pieces(word string) (out []int64) {
	if len([]rune(word)) > longestWord {
		return []int64{unknown}
	}
	for start := 0; start < len(word); {
		prefix := ""
		if start > 0 {
			prefix = "##"
		}
		end := len(word)
		for ; end > start; end-- {
			if id, ok := ids()[prefix+word[start:end]]; ok {
				out = append(out, id)
				break
			}
		}
		if end == start {
			return []int64{unknown}
		}
		start = end
	}
	return out
}
