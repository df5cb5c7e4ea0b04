package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch/torchtest"
)

// object runs a command with --json and returns what it prints: one JSON object and nothing else.
func object(t *testing.T, code int, args ...string) map[string]any {
	t.Helper()
	got, out, errOut := forger(t, append(args, "--json")...)
	require.Equal(t, code, got, errOut)
	var v map[string]any
	d := json.NewDecoder(strings.NewReader(out))
	require.NoError(t, d.Decode(&v), out)
	require.False(t, d.More())
	return v
}

func TestEveryCommandPrintsJSON(t *testing.T) {
	torchtest.Native(t)
	run, data := filepath.Join(t.TempDir(), "run"), pictures(t, 40)

	r := object(t, 0, tiny(data, run)...)
	require.Equal(t, map[string]any{
		"run": run, "from": 0., "step": 10., "checkpoint": run + "/checkpoints/latest.safetensors",
		"samples": run + "/samples/000010.png", "report": run + "/report.html",
	}, r)
	for _, file := range []string{"checkpoint", "samples", "report"} {
		require.FileExists(t, r[file].(string))
	}
	r = object(t, 0, "resume", run, "--steps", "12")
	require.Equal(t, []any{10., 12.}, []any{r["from"], r["step"]})

	out := filepath.Join(t.TempDir(), "pictures")
	r = object(t, 0, "sample", run, "--n", "3", "--out", out)
	require.Equal(t, map[string]any{"pictures": 3., "folder": out, "grid": out + "/grid.png"}, r)

	r = object(t, 0, "inspect", run)
	require.Regexp(t, `^sha256:[0-9a-f]{64}$`, r["content"])
	require.NotEmpty(t, r["tensors"])

	pth := filepath.Join(t.TempDir(), "run.pth")
	r = object(t, 0, "convert", run, pth)
	require.Equal(t, map[string]any{"from": run + "/checkpoints/latest.safetensors", "to": pth}, r)
	object(t, 0, "convert", pth, filepath.Join(filepath.Dir(pth), "run.safetensors"))
	r = object(t, 0, append(tiny(data, filepath.Join(t.TempDir(), "next")), "--init", pth)...)
	require.Equal(t, 0., r["from"])

	r = object(t, 0, "data", "check", data)
	require.Equal(t, "pictures", r["kind"])
	require.Empty(t, r["broken"])
	require.Equal(t, 40., r["parts"].([]any)[0].(map[string]any)["items"])

	r = object(t, 0, "doctor")
	require.Equal(t, true, r["ok"])
	require.Equal(t, "2.11.0", r["system"].(map[string]any)["libtorch"])

	r = object(t, 0, "bench", "dcgan", "--batch", "2", "--steps", "1", "--warmup", "0", "--device", "cpu")
	require.Equal(t, "dcgan", r["bench"])
	require.Positive(t, r["ms_median"])

	var systems, sets []map[string]any
	require.NoError(t, json.Unmarshal([]byte(works(t, "list", "--json")), &systems))
	require.Equal(t, "dcgan", systems[1]["name"])
	require.Len(t, systems[1]["settings"], 8)
	require.NoError(t, json.Unmarshal([]byte(works(t, "data", "list", "--json")), &sets))
	require.NotEmpty(t, sets)
}

func TestProgressIsOnStandardErrorWithWhatDiffersFromTheDefaults(t *testing.T) {
	torchtest.Native(t)
	data := pictures(t, 40)
	code, out, errOut := forger(t, tiny(data, filepath.Join(t.TempDir(), "run"))...)
	require.Zero(t, code)
	require.Regexp(t, `^step 10\npictures    .*/samples/000010.png\nreport      .*\ncheckpoint  .*\n$`, out)
	require.True(t, strings.HasPrefix(errOut, "dcgan on "+data+"\ndiffers from default: size 16, channels 1, latent 8, width 4\n"), errOut)
	require.Contains(t, errOut, "step 10/10")
}
