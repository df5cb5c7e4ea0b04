package progress

import (
	"bytes"
	"log"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// clock is a time that moves when told.
type clock struct{ t time.Time }

func (c *clock) now() time.Time { return c.t }

func newClock() *clock { return &clock{time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)} }

// terminal is a Bar that believes in a terminal of so many columns.
func terminal(columns int, o Options) (*Bar, *bytes.Buffer, *clock) {
	var out bytes.Buffer
	c := newClock()
	o.Now = c.now
	b := newBar(&out, o)
	b.width = func() int { return columns }
	return b, &out, c
}

// screen is what a terminal shows after such output, line by line: "\r" goes back, clearing erases to the right.
func screen(t *testing.T, out string) []string {
	t.Helper()
	lines := []string{""}
	column := 0
	for rest := out; rest != ""; {
		last := &lines[len(lines)-1]
		runes := []rune(*last)
		switch r, n := utf8.DecodeRuneInString(rest); {
		case strings.HasPrefix(rest, clearRest):
			*last = string(runes[:column])
			rest = rest[len(clearRest):]
		case r == '\r':
			column = 0
			rest = rest[n:]
		case r == '\n':
			lines = append(lines, "")
			column = 0
			rest = rest[n:]
		default:
			require.NotEqual(t, '\x1b', r, "an unknown control sequence in %q", rest)
			*last = string(append(runes[:column:column], append([]rune{r}, runes[min(column+1, len(runes)):]...)...))
			column++
			rest = rest[n:]
		}
	}
	return lines
}

var status = Status{
	Step: 50, Images: 3200, Losses: map[string]float64{"G": 1.234, "D/real": 0.3912, "D/fake": 0.41},
	Stats: map[string]float64{"D(real)": 0.713, "D(fake)": 0.298}, RSS: 512 << 20, Device: 3 << 30,
}

func TestALineOnATerminalSaysEverythingInOrder(t *testing.T) {
	b, out, c := terminal(200, Options{Total: 100})
	c.t = c.t.Add(10 * time.Second)
	b.Update(status)
	require.Equal(t, []string{" 50/100   50% ━━━━━━━━━━━━━━━───────────────  ETA 10s  320 img/s  D/fake 0.410  D/real 0.391  G  1.23  " +
		"D(fake) 0.298  D(real) 0.713  512 MiB  GPU 3.0 GiB"}, screen(t, out.String()))
}

func TestTheLineFitsEveryWidth(t *testing.T) {
	for columns := range 180 {
		b, out, c := terminal(columns, Options{Total: 100})
		c.t = c.t.Add(10 * time.Second)
		b.Update(status)
		line := screen(t, out.String())[0]
		require.LessOrEqual(t, utf8.RuneCountInString(line), max(columns-1, 0))
		if columns > 13 {
			require.Contains(t, line, "50/100   50%")
		}
		if columns > 60 {
			require.Contains(t, line, "ETA 10s")
			require.Contains(t, line, "G  1.23")
		}
	}
}

func TestATerminalIsRedrawnAtMostTenTimesASecond(t *testing.T) {
	b, out, c := terminal(80, Options{Total: 100_000})
	for step := 1; step <= 2000; step++ {
		c.t = c.t.Add(time.Millisecond)
		b.Update(Status{Step: step})
	}
	require.Equal(t, 20, strings.Count(out.String(), "\r"))
}

func TestTheLastStepIsAlwaysShownWithTheTimeItTook(t *testing.T) {
	b, out, c := terminal(60, Options{Total: 3})
	for step := 1; step <= 3; step++ {
		c.t = c.t.Add(time.Millisecond)
		b.Update(Status{Step: step})
	}
	require.NoError(t, b.Close())
	lines := screen(t, out.String())
	require.Len(t, lines, 2)
	require.Regexp(t, `^3/3  100% ━+  took 0s`, lines[0])
	require.Empty(t, lines[1])
}

func TestLogLinesAreNeverTorn(t *testing.T) {
	b, out, c := terminal(60, Options{Total: 100})
	logger := log.New(b, "", 0)
	logger.Print("before")
	c.t = c.t.Add(time.Second)
	b.Update(Status{Step: 1})
	logger.Print("a log line that is longer than the progress line is, by quite a bit, as can be seen")
	b.Write([]byte("half "))
	c.t = c.t.Add(time.Second)
	b.Update(Status{Step: 2})
	b.Write([]byte("a line\nand the rest"))
	require.NoError(t, b.Close())
	logger.Print("after")

	lines := screen(t, out.String())
	require.Regexp(t, `^  2/100    2% ╸─+  ETA 1m38s$`, lines[4])
	lines[4] = "progress"
	require.Equal(t, []string{
		"before", "a log line that is longer than the progress line is, by quite a bit, as can be seen",
		"half a line", "and the rest", "progress", "after", "",
	}, lines)
}

func TestElsewhereLinesArePlainTimedAndRare(t *testing.T) {
	var out bytes.Buffer
	c := newClock()
	b := New(&out, Options{Total: 100, Every: 20 * time.Second, Now: c.now})
	for step := 1; step <= 100; step++ {
		c.t = c.t.Add(time.Second)
		b.Update(Status{Step: step, Images: 64 * step, Losses: map[string]float64{"G": 1.5}})
	}
	require.NoError(t, b.Close())
	lines := strings.SplitAfter(out.String(), "\n")
	require.Equal(t, "2026-01-02 15:04:25  step 20/100  20%  ETA 1m20s  64.0 img/s  G 1.50\n", lines[0])
	require.Equal(t, "2026-01-02 15:05:45  step 100/100  100%  took 1m40s  64.0 img/s  G 1.50\n", lines[4])
	require.Len(t, lines, 6)
	require.NotContains(t, out.String(), "\x1b")
}

func TestEveryStepsAddsPlainLines(t *testing.T) {
	var out bytes.Buffer
	c := newClock()
	b := New(&out, Options{Total: 100, EverySteps: 30, Now: c.now})
	for step := 1; step <= 75; step++ {
		b.Update(Status{Step: step})
	}
	require.NoError(t, b.Close())
	require.Equal(t, []string{"step 30/", "step 60/", "step 75/"}, regexp.MustCompile(`step \d+/`).FindAllString(out.String(), -1))
}

func TestTheETAFollowsTheSpeedOfTheLastTime(t *testing.T) {
	b, _, c := terminal(80, Options{Total: 10_000})
	for step := 1; step <= 2000; step++ {
		c.t = c.t.Add(10 * time.Millisecond)
		b.Update(Status{Step: step, Images: 4 * step})
	}
	require.InEpsilon(t, 400, b.ImagesPerSec(), 1e-6)
	for step := 2001; step <= 4000; step++ { // ten times as slow, for ten half-lives
		c.t = c.t.Add(100 * time.Millisecond)
		b.Update(Status{Step: step, Images: 4 * step})
	}
	require.InEpsilon(t, 40, b.ImagesPerSec(), 0.02)
	require.Contains(t, b.plain(), "ETA 9m") // 6000 steps of 0.1 s, a trace of the fast ones left
}

func TestAResumedRunCountsOnlyItsOwnSteps(t *testing.T) {
	b, _, c := terminal(80, Options{Total: 2000, Start: 1000, Images: 64_000})
	c.t = c.t.Add(10 * time.Second)
	b.Update(Status{Step: 1010, Images: 64_640})
	require.InEpsilon(t, 64, b.ImagesPerSec(), 1e-6)
	require.Contains(t, b.plain(), "1010/2000  50%  ETA 16m30s")
}

func TestNothingIsPrintedForARunThatDidNothing(t *testing.T) {
	b, out, _ := terminal(80, Options{Total: 5, Start: 5})
	require.NoError(t, b.Close())
	require.Empty(t, out.String())
}

func TestLossesStayOnShowUntilNewOnesAreRead(t *testing.T) {
	b, _, _ := terminal(80, Options{Total: 10})
	b.Update(Status{Step: 1, Losses: map[string]float64{"G": 2}, Stats: map[string]float64{"lr": 0.001}})
	b.Update(Status{Step: 2})
	require.Contains(t, b.plain(), "G 2.00  lr 0.001")
}

func TestOnlyATerminalIsColoured(t *testing.T) {
	b, out, c := terminal(120, Options{Total: 100})
	b.color = true
	c.t = c.t.Add(time.Second)
	b.Update(Status{Step: 40, Losses: map[string]float64{"D": math.NaN(), "G": 1}})
	require.Contains(t, out.String(), red+"  NaN"+reset)
	plain := regexp.MustCompile(`\x1b\[\d*m`).ReplaceAllString(out.String(), "")
	require.Len(t, screen(t, plain), 1)
	require.LessOrEqual(t, utf8.RuneCountInString(screen(t, plain)[0]), 119)

	file, err := os.Create(t.TempDir() + "/out")
	require.NoError(t, err)
	defer file.Close()
	require.Nil(t, New(file, Options{}).width)
}

func TestARunWithoutEndHasNoShareAndNoETA(t *testing.T) {
	b, out, c := terminal(80, Options{})
	c.t = c.t.Add(time.Second)
	b.Update(Status{Step: 7, Images: 70})
	require.Equal(t, []string{"7  70.0 img/s"}, screen(t, out.String()))
}

func TestNamesCannotMoveTheCursor(t *testing.T) {
	b, _, _ := terminal(80, Options{Total: 2})
	b.Update(Status{Step: 1, Losses: map[string]float64{"a\x1b[2J\nb": 1}})
	require.Contains(t, b.plain(), "a?[2J?b 1.00")
}

func TestNumbersAreShort(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.00012: "1.2e-4", 0.5: "0.500", 0.9996: "1.00", -1.234: "-1.23", 9.999: "10.0", 99.96: "100", 12345: "12345",
		2e5: "2.0e+5", -3e12: "-3.0e+12", math.Inf(-1): "-Inf",
	} {
		require.Equal(t, want, number(v))
	}
	for d, want := range map[time.Duration]string{
		0: "0s", 59*time.Second + 600*time.Millisecond: "1m00s", 185 * time.Second: "3m05s",
		130 * time.Minute: "2h10m", 123 * time.Hour: "5d03h",
	} {
		require.Equal(t, want, duration(d))
	}
	for n, want := range map[uint64]string{1 << 20: "1.0 MiB", 512 << 20: "512 MiB", 1000 << 20: "1.0 GiB", 24 << 30: "24 GiB"} {
		require.Equal(t, want, size(n))
	}
}

func TestRSSIsThatOfThisProcess(t *testing.T) {
	if _, err := os.Stat("/proc/self/statm"); err != nil {
		t.Skip("the system does not say")
	}
	require.Greater(t, RSS(), uint64(1<<20))
}
