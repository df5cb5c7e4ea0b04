package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train"
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/torchtest"
	"github.com/forgergan/forger/torch/vision"
	"github.com/forgergan/forger/zoo"
	"github.com/forgergan/forger/zoo/dcgan"
)

func TestSampleLooksAtAModelInOnePicture(t *testing.T) {
	torchtest.Native(t)
	run, out := newRun(t), filepath.Join(t.TempDir(), "looks")
	for _, c := range []struct {
		args          []string
		name          string
		rows, columns int
	}{
		{[]string{"--interpolate", "5", "--n", "12"}, "interpolation", 2, 5},
		{[]string{"--interpolate", "3", "--straight", "--n", "1"}, "interpolation", 1, 3},
		{[]string{"--truncate", "2,0.5", "--n", "6", "--batch", "4"}, "truncation", 2, 3},
		{[]string{"--neighbours", "2", "--n", "3"}, "neighbours", 3, 3},
	} {
		r := object(t, 0, append([]string{"sample", run, "--out", out}, c.args...)...)
		require.Equal(t, filepath.Join(out, c.name+".png"), r["picture"])
		im, err := vision.Decode(r["picture"].(string), vision.RGB)
		require.NoError(t, err)
		require.Equal(t, []int{c.rows*18 + 2, c.columns*18 + 2}, []int{im.H, im.W}, "pictures of 16 × 16 and two pixels between")
	}
	require.Equal(t, "--classes needs a system that makes pictures of a class, and dcgan does not", fails(t, 1, "sample", run, "--classes"))
	for want, args := range map[string][]string{
		"--interpolate must be at least 2, not 1":                               {"--interpolate", "1"},
		`--truncate takes thresholds of at least 0.01 as in 2,1,0.5, not "x"`:   {"--truncate", "1,x"},
		`--truncate takes thresholds of at least 0.01 as in 2,1,0.5, not "0"`:   {"--truncate", "0"},
		"--neighbours must be at least 1, not 0":                                {"--neighbours", "0"},
		"--interpolate and --classes make different pictures: give one of them": {"--interpolate", "4", "--classes"},
		"--straight says how --interpolate walks, and that is not given":        {"--straight"},
	} {
		require.Equal(t, want, fails(t, 2, append([]string{"sample", run}, args...)...))
	}
}

// classy is a DCGAN whose pictures of class k are all of the grey 100k.
type classy struct{ *dcgan.Model }

func (classy) System() string { return "classy" }
func (classy) Classes() int   { return 2 }
func (m classy) SampleMixtures(weights *torch.Tensor) *torch.Tensor {
	return m.SampleClasses(weights.MatMul(torch.FromSlice([]float32{0, 1}, 2)))
}
func (classy) SampleClasses(labels *torch.Tensor) *torch.Tensor {
	return labels.ToDType(torch.Float32).MulScalar(100/127.5).AddScalar(-1).View(-1, 1, 1, 1).Expand([]int{labels.Size(0), 1, 16, 16})
}

// latentClassy makes the same pictures of a latent and a class.
type latentClassy struct {
	train.Conditional
	classy classy
}

func (l latentClassy) Latents(n int) *torch.Tensor { return l.classy.Latents(n) }
func (l latentClassy) GenerateClasses(_, labels *torch.Tensor) *torch.Tensor {
	return l.SampleClasses(labels)
}

// addClassy adds it to the zoo.
func addClassy(t *testing.T, as func(classy) train.Model) {
	s := dcgan.System
	s.Name = "classy"
	s.New = func(settings any) (train.Model, error) {
		m, err := dcgan.New(*settings.(*dcgan.Config))
		return as(classy{m}), err
	}
	was := zoo.Systems
	t.Cleanup(func() { zoo.Systems = was })
	zoo.Systems = append(zoo.Systems[:len(was):len(was)], s)
}

func TestAConditionalSystemShowsARowForEachClass(t *testing.T) {
	torchtest.Native(t)
	addClassy(t, func(m classy) train.Model { return m })
	run, out := filepath.Join(t.TempDir(), "run"), t.TempDir()
	args := tiny(pictures(t, 40), run)
	args[1] = "classy"
	works(t, args...)
	path := filepath.Join(out, "classes.png")
	require.Equal(t, "2 rows of 3 pictures in "+path+"\n", works(t, "sample", run, "--classes", "--n", "7", "--batch", "4", "--out", out))
	im, err := vision.Decode(path, vision.Gray)
	require.NoError(t, err)
	require.Equal(t, []uint8{0, 100}, []uint8{im.Pix[10*im.W+10], im.Pix[28*im.W+46]})

	path = filepath.Join(out, "mixtures.png")
	require.Equal(t, "3 rows of 2 pictures in "+path+"\n", works(t, "sample", run, "--mix", "0,1+0,1", "--n", "7", "--batch", "4", "--out", out))
	im, err = vision.Decode(path, vision.Gray)
	require.NoError(t, err)
	require.Equal(t, []uint8{0, 50, 100}, []uint8{im.Pix[10*im.W+10], im.Pix[28*im.W+10], im.Pix[46*im.W+28]})
	require.Equal(t, "--mix: there is no class 2, only 0 to 1", fails(t, 1, "sample", run, "--mix", "0+2"))
	require.Equal(t, `--mix takes numbers of classes as in 0,0+1,1, not "0-1"`, fails(t, 2, "sample", run, "--mix", "1,0-1"))
}

func TestAWalkStaysInAClassAndTruncationShowsTheClassesSideBySide(t *testing.T) {
	torchtest.Native(t)
	addClassy(t, func(m classy) train.Model { return latentClassy{m, m} })
	run, out := filepath.Join(t.TempDir(), "run"), t.TempDir()
	args := tiny(pictures(t, 40), run)
	args[1] = "classy"
	works(t, args...)
	grey := func(name string) (rows [][]uint8) {
		im, err := vision.Decode(filepath.Join(out, name+".png"), vision.Gray)
		require.NoError(t, err)
		for y := 10; y < im.H; y += 18 {
			var row []uint8
			for x := 10; x < im.W; x += 18 {
				row = append(row, im.Pix[y*im.W+x])
			}
			rows = append(rows, row)
		}
		return rows
	}
	works(t, "sample", run, "--interpolate", "3", "--n", "9", "--batch", "4", "--out", out)
	require.Equal(t, [][]uint8{{0, 0, 0}, {100, 100, 100}, {0, 0, 0}}, grey("interpolation"))
	works(t, "sample", run, "--truncate", "2,0.5", "--n", "6", "--out", out)
	require.Equal(t, [][]uint8{{0, 100, 0}, {0, 100, 0}}, grey("truncation"))
}

func TestTimelapseFilmsARun(t *testing.T) {
	torchtest.Native(t)
	run := newRun(t)
	require.Equal(t, "11 grids in "+run+"/timelapse.gif\n", works(t, "timelapse", run))
	require.FileExists(t, run+"/timelapse.gif")
	require.Equal(t, "x.avi: a film is a .gif or an .mp4", fails(t, 1, "timelapse", run, "--out", "x.avi"))
	require.Equal(t, "--fps must be from 0.1 to 50, not 0", fails(t, 2, "timelapse", run, "--fps", "0"))
	empty := t.TempDir()
	require.Contains(t, fails(t, 1, "timelapse", empty), empty+"/samples holds no sample grids")
	_, err := os.Stat(empty + "/timelapse.gif")
	require.ErrorIs(t, err, os.ErrNotExist)
}
