package runlog_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/forgergan/forger/gan/train/runlog"
)

var noon = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)

func step(n int) runlog.Record {
	return runlog.Record{
		Step: n, Time: noon.Add(time.Duration(n) * time.Second), Epoch: float64(n) / 8, Images: 64 * n, ImagesPerSec: 64,
		Losses: map[string]float64{"G": 1.5, "D/real": 0.25},
	}
}

func TestKeysHaveADefinedOrder(t *testing.T) {
	path := logOf(t, runlog.Record{
		Step: 3, Time: noon.In(time.FixedZone("", 3600)), Epoch: 0.5, Images: 192, ImagesPerSec: 64,
		Losses: map[string]float64{"G": 1, "D/real": 0.25, "D/fake": 0.5},
		Stats:  map[string]float64{"D(real)>0": 0.75},
		Scores: map[string]float64{"FID[n=5]": 12},
	})
	require.Equal(t, `{"step":3,"time":"2026-01-02T12:00:00.000Z","epoch":0.5,"images":192,"img_per_s":64,`+
		`"losses":{"D/fake":0.5,"D/real":0.25,"G":1},"stats":{"D(real)>0":0.75},"scores":{"FID[n=5]":12}}`+"\n", contents(t, path))
}

func TestNumbersThatJSONLacksAreStrings(t *testing.T) {
	path := logOf(t, runlog.Record{Time: noon, Losses: map[string]float64{"a": math.NaN(), "b": math.Inf(1), "c": math.Inf(-1)}})
	require.Contains(t, contents(t, path), `"losses":{"a":"NaN","b":"+Inf","c":"-Inf"}`)
	got, err := runlog.Read(path)
	require.NoError(t, err)
	require.True(t, math.IsNaN(got[0].Losses["a"]))
	require.Equal(t, math.Inf(1), got[0].Losses["b"])
	require.Equal(t, math.Inf(-1), got[0].Losses["c"])
}

func TestRecordsAreReadBackAsWritten(t *testing.T) {
	want := []runlog.Record{step(1), step(2)}
	got, err := runlog.Read(logOf(t, want...))
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func TestATornLastLineIsIgnoredByReadAndCutByOpen(t *testing.T) {
	whole := contents(t, logOf(t, step(1), step(2)))
	first := strings.Index(whole, "\n") + 1
	for end := first; end < len(whole); end++ { // a kill may tear the line anywhere
		path := fileOf(t, whole[:end])
		got, err := runlog.Read(path)
		require.NoError(t, err)
		require.Equal(t, []runlog.Record{step(1)}, got)

		appendTo(t, path, step(2))
		require.Equal(t, whole, contents(t, path))
	}
}

func TestALastLineOfGarbageIsCutEvenWithItsNewline(t *testing.T) {
	whole := contents(t, logOf(t, step(1)))
	path := fileOf(t, whole+strings.Repeat("\x00", 40)+"\n")
	appendTo(t, path)
	require.Equal(t, whole, contents(t, path))
}

func TestDamageInTheMiddleIsReportedAndNothingIsDeleted(t *testing.T) {
	lines := strings.SplitAfter(contents(t, logOf(t, step(1), step(2), step(3))), "\n")
	for _, bad := range []string{"\x00\x00\n", "{\"time\":\"2026-01-02T12:00:00Z\"}\n", "{\"step\":2,\"time\":\"noon\"}\n"} {
		text := lines[0] + bad + lines[2]
		path := fileOf(t, text)
		_, err := runlog.Read(path)
		require.ErrorContains(t, err, path+": line 2 is damaged")
		_, err = runlog.Open(path)
		require.ErrorContains(t, err, "mend or delete the line")
		require.Equal(t, text, contents(t, path))
	}
}

func TestTruncateDropsTheStepsAfterTheCheckpoint(t *testing.T) {
	for _, c := range []struct{ after, kept int }{{0, 0}, {10, 1}, {25, 2}, {30, 3}, {99, 3}} {
		path := logOf(t, step(10), step(20), step(30))
		l, err := runlog.Open(path)
		require.NoError(t, err)
		require.NoError(t, l.Truncate(c.after))
		require.NoError(t, l.Append(step(100)))
		require.NoError(t, l.Sync())
		require.NoError(t, l.Close())

		got, err := runlog.Read(path)
		require.NoError(t, err)
		require.Equal(t, append([]runlog.Record{step(10), step(20), step(30)}[:c.kept], step(100)), got)
	}
}

func TestKeysOfANewerVersionAreIgnored(t *testing.T) {
	got, err := runlog.Read(fileOf(t, `{"step":1,"time":"2026-01-02T12:00:00Z","mood":{"G":"smug"}}`+"\n"))
	require.NoError(t, err)
	require.Equal(t, []runlog.Record{{Step: 1, Time: noon}}, got)
}

func TestAMissingLogIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "log.jsonl")
	_, err := runlog.Read(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = runlog.Open(path)
	require.ErrorContains(t, err, path)
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"step":1,"time":"2026-01-02T12:00:00Z","losses":{"G":"NaN"}}` + "\n" + `{"step":2`))
	f.Add([]byte("\x00\n{}\n"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(dir, "log.jsonl")
		require.NoError(t, os.WriteFile(path, text, 0o666))
		before, err := runlog.Read(path)
		l, openErr := runlog.Open(path)
		require.Equal(t, err == nil, openErr == nil, "Read and Open agree on what is a log")
		if err != nil {
			require.Equal(t, string(text), contents(t, path))
			return
		}
		require.NoError(t, l.Append(step(7)))
		require.NoError(t, l.Close())
		require.True(t, bytes.HasPrefix(text, []byte(contents(t, path)[:lineStart(contents(t, path))])), "only the tail is cut")
		after, err := runlog.Read(path)
		require.NoError(t, err)
		require.Len(t, after, len(before)+1)
	})
}

func lineStart(text string) int { return strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n") + 1 }

func Example() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	l, err := runlog.Open(filepath.Join(dir, "log.jsonl"))
	if err != nil {
		panic(err)
	}
	defer l.Close()
	for n := 10; n <= 30; n += 10 {
		l.Append(step(n))
	}
	l.Truncate(20) // the run was killed at step 30 and goes on from its checkpoint at step 20

	records, err := runlog.Read(filepath.Join(dir, "log.jsonl"))
	if err != nil {
		panic(err)
	}
	for _, r := range records {
		fmt.Println(r.Step, r.Losses["G"])
	}
	// Output:
	// 10 1.5
	// 20 1.5
}

func logOf(t testing.TB, records ...runlog.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.jsonl")
	appendTo(t, path, records...)
	return path
}

func appendTo(t testing.TB, path string, records ...runlog.Record) {
	t.Helper()
	l, err := runlog.Open(path)
	require.NoError(t, err)
	for _, r := range records {
		require.NoError(t, l.Append(r))
	}
	require.NoError(t, l.Close())
}

func fileOf(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "log.jsonl")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	return path
}

func contents(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}
