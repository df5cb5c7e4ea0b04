package checkpoint

import (
	"archive/zip"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/internal/goldentest"
)

// parityCase is what the tests need of a case's meta.json.
type parityCase struct {
	Class    string
	File     string
	Metadata map[string]string
	Outputs  map[string][2]json.RawMessage // type and shape
	Files    []struct{ File, Expect, Why string }
}

// TestParitySafetensors runs the safetensors cases of the kit's group "files": valid ones of class "safetensors", and
// lists of hostile files with that suffix. Cases of other formats are not for this package's reader.
func TestParitySafetensors(t *testing.T) {
	kit := goldentest.Core()
	metas, err := filepath.Glob(filepath.Join(kit, "files", "*", "meta.json"))
	require.NoError(t, err)
	cases := 0
	for _, path := range metas {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var c parityCase
		require.NoError(t, json.Unmarshal(text, &c), path)
		dir := filepath.Dir(path)
		name := "files/" + filepath.Base(dir)
		if c.Class == "safetensors" {
			cases++
			t.Run(name, func(t *testing.T) { parityValid(t, dir, c) })
		}
		for _, hostile := range c.Files {
			if strings.HasSuffix(hostile.File, ".safetensors") {
				cases++
				t.Run(name+"/"+hostile.File, func(t *testing.T) {
					parityHostile(t, filepath.Join(dir, hostile.File), hostile.Expect)
				})
			}
		}
	}
	require.NotZero(t, cases, "no safetensors cases in %s", kit)
}

func parityValid(t *testing.T, dir string, c parityCase) {
	f := open(t, filepath.Join(dir, c.File))
	require.ElementsMatch(t, slices.Collect(maps.Keys(c.Outputs)), f.Names())
	for name, output := range c.Outputs {
		var dtype string
		var shape []int
		require.NoError(t, json.Unmarshal(output[0], &dtype))
		require.NoError(t, json.Unmarshal(output[1], &shape))
		info, err := f.Info(name)
		require.NoError(t, err)
		require.Equal(t, dtype, info.Torch.String(), name)
		require.Equal(t, shape, info.Shape, name)
	}
	if c.Metadata == nil {
		c.Metadata = map[string]string{}
	}
	require.Equal(t, c.Metadata, f.Metadata())

	tensors, err := f.Tensors()
	require.NoError(t, err)
	var values []string
	for _, tensor := range tensors {
		values = append(values, string(tensor.Data))
	}
	// same.pth holds the same values, a zip record each; which is whose only its pickle says, so sets are compared.
	require.ElementsMatch(t, storages(t, filepath.Join(dir, "same.pth")), values)

	again := filepath.Join(t.TempDir(), "again.safetensors")
	require.NoError(t, Save(again, tensors, f.Metadata()))
	want, err := f.ContentHash()
	require.NoError(t, err)
	got, err := open(t, again).ContentHash()
	require.NoError(t, err)
	require.Equal(t, want, got)
	_, err = Inspect(again)
	require.NoError(t, err)
}

// storages lists the data records of a .pth file.
func storages(t *testing.T, path string) []string {
	archive, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer archive.Close()
	var records []string
	for _, record := range archive.File {
		if filepath.Base(filepath.Dir(record.Name)) != "data" {
			continue
		}
		r, err := record.Open()
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		records = append(records, string(content))
	}
	return records
}

func parityHostile(t *testing.T, path, expect string) {
	f, err := Open(path)
	if err == nil {
		defer f.Close()
		require.Equal(t, "refuse or load", expect, "the file was accepted")
		_, err = Inspect(path)
		require.NoError(t, err)
		return
	}
	var bad *FormatError
	require.ErrorAs(t, err, &bad)
	require.ErrorContains(t, err, path+": ")
	require.NotContains(t, err.Error(), "\n")
	t.Log(err)
}
