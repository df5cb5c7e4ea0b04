package config_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/config"
)

// Whatever Unmarshal accepts, Marshal writes in a form that gives the same settings again.
func FuzzUnmarshal(f *testing.F) {
	for _, text := range []string{`{}`, `{"size":32,"lr":1e-5}`, `{"loss":"hinge","note":"x"}`, `null`, `{"size":null}`, `{"size":1e2}`, `{"a":{}}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var c, again settings
		if config.Unmarshal(text, &c) != nil {
			require.Equal(t, settings{}, c)
			return
		}
		require.NoError(t, config.Unmarshal(config.Marshal(&c), &again))
		require.Equal(t, c, again)
	})
}

// Whatever Set accepts, String and Marshal write in a form that gives the same value again.
func FuzzSet(f *testing.F) {
	for i, text := range []string{"64", "0x1p-3", "1_000", "T", "hinge", "-0", "true", "\x00"} {
		f.Add(i, text)
	}
	f.Fuzz(func(t *testing.T, i int, text string) {
		if !utf8.ValidString(text) {
			return // JSON has no way to write it
		}
		var c, again, third settings
		fields := config.Fields(&c)
		i = int(uint(i) % uint(len(fields)))
		if fields[i].Set(text) != nil {
			require.Equal(t, settings{}, c)
			return
		}
		if c != (settings{}) {
			require.NoError(t, config.Fields(&again)[i].Set(fields[i].String()))
			require.Equal(t, c, again)
		}
		require.NoError(t, config.Unmarshal(config.Marshal(&c), &third))
		config.SetDefaults(&c)
		require.Equal(t, c, third)
	})
}
