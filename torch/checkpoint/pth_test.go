package checkpoint

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/checkpoint/pth"
	"github.com/forgergan/forger/torch/torchtest"
)

const kit = "../../testdata/parity-core/files/"

func TestLoadTakesAPthFileByItsContent(t *testing.T) {
	torchtest.Native(t)
	torch.Scope(func() {
		state, err := Load(kit + "state_dict_renamed/renamed.ckpt")
		require.NoError(t, err)
		want, err := Load(kit + "state_dict_renamed/outputs.safetensors")
		require.NoError(t, err)
		require.Len(t, state, len(want))
		values := map[string][]byte{}
		for _, e := range want {
			values[e.Name] = e.Tensor.Bytes()
		}
		for _, e := range state {
			require.Equal(t, values[e.Name], e.Tensor.Bytes(), e.Name)
		}

		// A DataParallel puts its own name before all.
		wrapped, err := Load(kit + "state_dict_module_prefix/file.pth")
		require.NoError(t, err)
		for i, e := range Under(wrapped, "module.") {
			require.Equal(t, wrapped[i].Name, "module."+e.Name)
			require.Same(t, wrapped[i].Tensor, e.Tensor)
		}
		require.Len(t, Under(wrapped, "module."), len(wrapped))
		require.Empty(t, Under(wrapped, "modules."))

		_, err = Load(kit + "hostile_pth/os_system.pth")
		require.ErrorContains(t, err, "os_system.pth: the pickle asks for the global posix.system")
	})
}

func TestInspectGivesAStateOneContentInEveryFormat(t *testing.T) {
	for _, name := range []string{"state_dict/net.pth", "state_dict_legacy/file.pth", "rezipped_deflate/file.pth", "noncontiguous/file.pth"} {
		got, err := Inspect(kit + name)
		require.NoError(t, err)
		want, err := Inspect(kit + filepath.Dir(name) + "/outputs.safetensors")
		require.NoError(t, err)
		require.Equal(t, want.Content, got.Content, name)
		require.Equal(t, want.Total, got.Total, name)
		require.Equal(t, "pth", got.Format)
		if name == "state_dict_legacy/file.pth" {
			require.Equal(t, "none", got.Checksum)
		} else {
			require.Equal(t, "ok", got.Checksum)
		}
	}
}

func TestInspectListsTheOtherValuesOfAPthFile(t *testing.T) {
	r, err := Inspect(kit + "checkpoint/file.pth")
	require.NoError(t, err)
	require.Equal(t, 46, r.Total.Tensors)
	require.Equal(t, "nets.G.w_avg", r.Tensors[0].Name)
	require.Equal(t, "float32", r.Tensors[0].DType)
	for name, want := range map[string]string{"epoch": "17", "none": "None", "best_fid": "inf", "name": "pix2pix", "betas": "(0.5, 0.999)", "tuple0": "()", "true": "True"} {
		require.Equal(t, want, r.Metadata[name], name)
	}
	_, err = Inspect(kit + "hostile_pth/zip_crc_mismatch.pth")
	require.ErrorContains(t, err, "the checksum of record")

	twice := filepath.Join(t.TempDir(), "x.pth")
	x := pth.NewTensor(torch.Int8, []byte{1}, 1)
	require.NoError(t, pth.Save(twice, &pth.Dict{Items: []pth.Item{{Key: "a.b", Value: x}, {Key: "a", Value: &pth.Dict{Items: []pth.Item{{Key: "b", Value: x}}}}}}))
	_, err = Inspect(twice)
	require.ErrorContains(t, err, `two tensors have the name "a.b"`)
}
