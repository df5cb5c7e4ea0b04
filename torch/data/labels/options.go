package labels

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
)

// Options say how labels are changed. The zero value changes nothing.
type Options struct {
	Items   float64 // share of the items of each class that the set has at all, in (0, 1]; all if 0
	Overlap Overlap
	Noise   Noise
	Keep    float64 // share of the labels of each class that stay, in (0, 1]; all if 0
	Drop    bool    // leave out the items whose labels do not stay
	Seed    *uint32 // 12345 if nil
	File    *File   // whose labels are taken instead of the set's; nothing else goes with it
}

const (
	defaultSeed = 12345
	maxMatrix   = 1 << 20 // bytes of a file that holds a matrix: enough for 200 classes
)

func (o Options) seed() uint32 {
	if o.Seed == nil {
		return defaultSeed
	}
	return *o.Seed
}

func (o Options) check() error {
	if o.Overlap != (Overlap{}) {
		if err := o.Overlap.check(); err != nil {
			return err
		}
	}
	if !(o.Items >= 0 && o.Items <= 1) {
		return fmt.Errorf("a share of %v of the items is not in (0, 1]", o.Items)
	}
	if !(o.Keep >= 0 && o.Keep <= 1) {
		return fmt.Errorf("a share of %v of the labels is not in (0, 1]", o.Keep)
	}
	if o.Drop && o.Keep == 0 {
		return fmt.Errorf("all labels stay, so there is no item to leave out")
	}
	if o.File != nil {
		if alone := (Options{File: o.File}); o.String() != alone.String() {
			return fmt.Errorf("%s gives all labels, so nothing else can be asked for", o.File)
		}
	}
	return o.Noise.check()
}

// String is the options as [Parse] reads them, in one form: the order is that of what happens, a matrix is spelled out,
// and the default seed is left out. It is empty for the zero value.
func (o Options) String() string {
	var parts []string
	if o.Items != 0 {
		parts = append(parts, fmt.Sprintf("items:%v", o.Items))
	}
	if o.Overlap != (Overlap{}) {
		parts = append(parts, o.Overlap.String())
	}
	if o.Noise.kind != "" {
		parts = append(parts, o.Noise.String())
	}
	if o.Keep != 0 {
		name := "keep"
		if o.Drop {
			name = "only"
		}
		parts = append(parts, fmt.Sprintf("%s:%v", name, o.Keep))
	}
	if o.seed() != defaultSeed {
		parts = append(parts, fmt.Sprintf("seed:%d", o.seed()))
	}
	if o.File != nil {
		parts = append(parts, o.File.String())
	}
	return strings.Join(parts, ",")
}

// Parse reads the text that the package comment describes; an empty one is the zero value. The error is one sentence with
// what is wrong and what is possible.
func Parse(text string) (o Options, err error) {
	seen := map[string]bool{}
	for _, part := range split(text) {
		what, err := o.set(part)
		if err == nil && seen[what] {
			err = fmt.Errorf("%s is given twice", what)
		}
		if err != nil {
			return Options{}, fmt.Errorf("labels %q: %w", text, err)
		}
		seen[what] = true
	}
	if err := o.check(); err != nil {
		return Options{}, fmt.Errorf("labels %q: %w", text, err)
	}
	return o, nil
}

// split cuts a text at the commas outside brackets.
func split(text string) (parts []string) {
	if text == "" {
		return nil
	}
	depth, from := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				parts, from = append(parts, text[from:i]), i+1
			}
		}
	}
	return append(parts, text[from:])
}

// set reads one part, and says which field it was for.
func (o *Options) set(part string) (what string, err error) {
	name, value, hasValue := strings.Cut(part, ":")
	switch {
	case slices.Contains(noiseKinds, name) && hasValue:
		o.Noise.kind = name
		o.Noise.rate, err = number(name, value)
		return "noise", err
	case name == "matrix" && hasValue:
		o.Noise.kind = name
		o.Noise.matrix, err = readMatrix(value)
		return "noise", err
	case name == "items" && hasValue:
		if o.Items, err = number(name, value); err == nil && o.Items == 0 {
			err = fmt.Errorf("items:0 would leave no item: take a share above 0")
		}
		return "the share of items", err
	case (name == "keep" || name == "only") && hasValue:
		o.Keep, err = number(name, value)
		o.Drop = name == "only"
		if err == nil && o.Keep == 0 {
			err = fmt.Errorf("%s:0 would leave no label: keep a share above 0", name)
		}
		return "the share of labels", err
	case name == "file" && hasValue:
		o.File, err = Read(value)
		return name, err
	case name == "seed" && hasValue:
		seed, err := strconv.ParseUint(value, 10, 32)
		if err != nil {
			return name, fmt.Errorf("seed takes a whole number from 0 to 4294967295, not %q", value)
		}
		o.Seed = new(uint32(seed))
		return name, nil
	}
	if classes, labels, ok := strings.Cut(part, "to"); ok {
		n, err1 := strconv.Atoi(classes)
		k, err2 := strconv.Atoi(labels)
		if err1 == nil && err2 == nil {
			o.Overlap = Overlap{n, k}
			return "overlap", o.Overlap.check()
		}
	}
	return part, fmt.Errorf("there is no %q, only symmetric:RATE, symmetric-others:RATE, asymmetric:RATE, matrix:FILE, "+
		"overlaps such as 10to5, items:SHARE, keep:SHARE, only:SHARE, file:PATH and seed:NUMBER", part)
}

func number(name, text string) (float64, error) {
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || !(x >= 0 && x <= 1) {
		return 0, fmt.Errorf("%s takes a number from 0 to 1, not %q", name, text)
	}
	if x == 0 {
		x = 0 // not -0, which would be written so
	}
	return x, nil
}

// readMatrix reads a matrix that is spelled out, or a file that holds one.
func readMatrix(text string) (t Matrix, err error) {
	source, raw := "the text", []byte(text)
	if !strings.HasPrefix(text, "[") {
		source = text
		info, err := os.Stat(text)
		switch {
		case err != nil:
			return nil, err
		case !info.Mode().IsRegular() || info.Size() > maxMatrix:
			return nil, fmt.Errorf("%s is not a file of at most 1 MB", text)
		}
		if raw, err = os.ReadFile(text); err != nil {
			return nil, err
		}
	}
	if err := json.Unmarshal(raw, &t); err != nil {
		return nil, fmt.Errorf("%s is not a matrix as JSON, [[0.9, 0.1], [0.2, 0.8]]: %w", source, err)
	}
	return t, t.check()
}
