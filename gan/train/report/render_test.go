package report

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	_ "image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train/runlog"
)

func TestThePageHoldsEverythingAndAsksNoNetwork(t *testing.T) {
	html := render(t, Run{
		Title: "DCGAN on MNIST", Facts: []Fact{{"Seed", "1", "chosen"}}, Config: []Fact{{"lr", "0.0002", "default 0.001"}},
		Scores: []Fact{{"FID", "12.5", "FID[n=10]"}}, Grids: []Grid{{0, noise(t, 8, 8)}, {500, noise(t, 8, 8)}},
		Series: []Series{noisy("G", "Losses", 3000), noisy("D", "Losses", 3000)},
	})
	for _, want := range []string{"DCGAN on MNIST", "chosen", "default 0.001", "FID[n=10]", "Step 500", "<svg", "data:image/png;base64,"} {
		require.Contains(t, html, want)
	}
	require.Equal(t, []string{"0", "500"}, steps(html))
	require.NotRegexp(t, `(?i)https?:|//[a-z]|<link|@import|url\([^#]`, regexp.MustCompile(`base64,[^"]*`).ReplaceAllString(html, ""))
	require.NotContains(t, html, "ZgotmplZ", "the template found a value unsafe")
}

func TestEmptyPartsAreLeftOut(t *testing.T) {
	html := render(t, Run{Title: "empty"})
	require.Contains(t, html, "Nothing has been logged yet.")
	for _, part := range []string{"Scores", "Samples", "Configuration", `class="facts"`} {
		require.NotContains(t, html, part)
	}
}

func TestTextCannotBecomeMarkup(t *testing.T) {
	evil := `</script><script>alert(1)</script>`
	html := render(t, Run{
		Title: evil, Facts: []Fact{{evil, evil, evil}}, Config: []Fact{{evil, evil, evil}},
		Series: []Series{{Name: evil, Group: evil, Step: []int{1}, Value: []float64{math.NaN()}}},
	})
	require.NotContains(t, html, "<script>alert")
}

func TestTheFirstTheLastAndEvenlySpacedGridsAreShown(t *testing.T) {
	for _, c := range []struct {
		grids int
		want  []string
	}{
		{1, []string{"0"}},
		{3, []string{"0", "100", "200"}},
		{31, []string{"0", "300", "600", "900", "1,200", "1,500", "1,800", "2,100", "2,400", "2,700", "3,000"}},
		{24, []string{"0", "200", "400", "600", "800", "1,000", "1,200", "1,400", "1,600", "1,800", "2,000", "2,300"}},
	} {
		var grids []Grid
		for i := range c.grids {
			grids = append(grids, Grid{100 * (c.grids - 1 - i), noise(t, 2, 2)})
		}
		require.Equal(t, c.want, steps(render(t, Run{Grids: grids})))
	}
}

func TestLargeGridsShrinkIntoThreeMegabytes(t *testing.T) {
	big := noise(t, 600, 1500)
	var grids []Grid
	for i := range 13 {
		grids = append(grids, Grid{i, big})
	}
	html := render(t, Run{Grids: grids})
	require.Less(t, len(html), maxBytes+32<<10)
	shown := steps(html)
	require.Equal(t, []string{"0", "12"}, []string{shown[0], shown[len(shown)-1]})
	src := regexp.MustCompile(`data:image/jpeg;base64,([^"]+)" width="288" height="720"`).FindStringSubmatch(html)
	content, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(src[1], "&#43;", "+"))
	require.NoError(t, err)
	c, _, err := image.DecodeConfig(bytes.NewReader(content))
	require.NoError(t, err)
	require.Equal(t, []int{300, 750}, []int{c.Width, c.Height})
}

func TestShrinkingAveragesPixelsOverWhite(t *testing.T) {
	img := image.NewNRGBA(image.Rect(5, 5, 9, 7)) // not at the origin; the right half is transparent
	for i, grey := range []uint8{0, 100, 200, 100} {
		img.Set(5+i%2, 5+i/2, color.NRGBA{grey, grey, grey, 255})
	}
	out := shrink(img, 2)
	require.Equal(t, image.Rect(0, 0, 2, 1), out.Rect)
	require.Equal(t, []uint8{100, 100, 100, 255, 255, 255, 255, 255}, out.Pix)
}

func TestSmallGridsAreEnlargedByWholePixels(t *testing.T) {
	html := render(t, Run{Grids: []Grid{{1, noise(t, 274, 100)}}})
	require.Contains(t, html, `width="548" height="200" alt="samples after step 1" class="pixels"`)
}

func TestWidePicturesHaveTheWidthOfThePage(t *testing.T) {
	for want, size := range map[string][2]int{`class="film wide"`: {900, 300}, `class="film"`: {900, 900}} {
		html := render(t, Run{Grids: []Grid{{1, noise(t, size[0], size[1])}, {2, noise(t, size[0], size[1])}}})
		require.Contains(t, html, want)
	}
}

func TestWhatIsWrongWithTheRunIsSaidAndNothingIsWritten(t *testing.T) {
	for want, run := range map[string]Run{
		`report: grid of step 7: png: invalid format: not a PNG file`: {Grids: []Grid{{7, []byte("JFIF....")}}},
		`report: series "G" has 2 steps and 1 values`:                 {Series: []Series{{"G", "", []int{1, 2}, []float64{1}}}},
		`report: series "G" goes back from step 3 to 2`:               {Series: []Series{{"G", "", []int{3, 2}, []float64{1, 2}}}},
	} {
		var b bytes.Buffer
		require.EqualError(t, Render(&b, run), want)
		require.Empty(t, b.Bytes())
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestAFailedWriteIsReported(t *testing.T) {
	require.EqualError(t, Render(full{}, Run{}), "report: no space left on device")
}

func TestTheReadoutIsValidJSONWithAllThatIsNotFinite(t *testing.T) {
	html := render(t, Run{Series: []Series{{"G", "L", []int{1, 2, 3, 4}, []float64{1.2345678, math.NaN(), math.Inf(1), math.Inf(-1)}}}})
	text := regexp.MustCompile(`(?s)<script type="application/json">(.*?)</script>`).FindStringSubmatch(html)[1]
	var data struct {
		Series []struct {
			Name  string
			Step  []int
			Value []any
		}
	}
	require.NoError(t, json.Unmarshal([]byte(text), &data))
	require.Equal(t, []any{1.2346, "NaN", "+Inf", "-Inf"}, data.Series[0].Value)
	require.Contains(t, html, "G: 3 values are not finite, the first at step 2.")
}

func TestALogBecomesCurves(t *testing.T) {
	at := func(step int) runlog.Record {
		return runlog.Record{
			Step: step, Time: time.Now(), ImagesPerSec: 100, Losses: map[string]float64{"G": 1, "D/real": 2},
			Stats: map[string]float64{"D(real)": 3, "D(fake)": 4, "lr/G": 5, "clip": 6},
		}
	}
	scored := at(20)
	scored.Scores = map[string]float64{"FID[n=5]": 7}
	var got []string
	for _, s := range Curves([]runlog.Record{at(10), scored}) {
		got = append(got, s.Group+": "+s.Name)
		require.Len(t, s.Value, len(s.Step))
	}
	require.Equal(t, []string{"Losses: D/real", "Losses: G", "D(…): D(fake)", "D(…): D(real)", "Statistics: clip", "lr: lr/G",
		"FID: FID[n=5]", "Speed: img/s"}, got)
	render(t, Run{Series: Curves([]runlog.Record{at(10), scored})})
}

func TestALongRunIsRenderedInLittleSpace(t *testing.T) {
	var run Run
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		run.Series = append(run.Series, noisy(name, "Losses", 100_000))
	}
	require.Less(t, len(render(t, run)), 600<<10)
}

func render(t testing.TB, run Run) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, Render(&b, run))
	return b.String()
}

func steps(html string) (all []string) {
	for _, m := range regexp.MustCompile(`<figcaption>Step ([\d,]+)<`).FindAllStringSubmatch(html, -1) {
		all = append(all, m[1])
	}
	return all
}

func noise(t testing.TB, width, height int) []byte {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = uint8(r.Uint32())
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, img))
	return b.Bytes()
}

func noisy(name, group string, n int) Series {
	r := rand.New(rand.NewPCG(3, 4))
	s := Series{Name: name, Group: group}
	for i := range n {
		s.Step = append(s.Step, i+1)
		s.Value = append(s.Value, r.NormFloat64())
	}
	return s
}
