// Package progress tells a person how a run gets on: one line that is redrawn on a terminal, and plain lines with the
// time elsewhere (a file, a pipe, a batch system).
//
//	bar := progress.New(os.Stderr, progress.Options{Total: 3000})
//	logger := log.New(bar, "", log.LstdFlags) // its lines never tear the progress line
//	for step := 1; step <= 3000; step++ {
//		losses := train()
//		bar.Update(progress.Status{Step: step, Images: 64 * step, Losses: losses, RSS: progress.RSS()})
//	}
//	bar.Close()
//
// On a terminal:
//
//	1234/3000  41% ━━━━━━━━━━━━╸━━━━━━━━━━━━  ETA 1m12s  1570 img/s  D/fake 0.412  G  1.23  D(real) 0.71  512 MiB
//
// and elsewhere, every ten seconds:
//
//	2026-01-02 15:04:05  step 1234/3000  41%  ETA 1m12s  1570 img/s  D/fake 0.412  G 1.23  D(real) 0.71  512 MiB
//
// Speed and the time that is left come from the last half minute or so, pauses for checkpoints and scores included:
// that is how long the rest will take.
package progress

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// duration is short and readable: "42s", "3m05s", "2h10m", "5d03h".
func duration(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 24*3600:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
}

// size is a number of bytes in the unit that leaves three digits: "512 MiB", "3.4 GiB".
func size(bytes uint64) string {
	v, unit := float64(bytes)/(1<<20), "MiB"
	if v >= 1000 {
		v, unit = v/1024, "GiB"
	}
	if v < 10 {
		return fmt.Sprintf("%.1f %s", v, unit)
	}
	return fmt.Sprintf("%.0f %s", v, unit)
}

// number has three digits that count and at most seven characters (1.2e-13), so that a redrawn line hardly moves.
func number(v float64) string {
	switch a := math.Abs(v); {
	case math.IsNaN(v) || math.IsInf(v, 0) || v == 0:
		return fmt.Sprint(v)
	case a < 0.001 || a >= 99999.5:
		return strings.NewReplacer("e+0", "e+", "e-0", "e-").Replace(fmt.Sprintf("%.1e", v))
	case a < 0.9995:
		return fmt.Sprintf("%.3f", v)
	case a < 9.995:
		return fmt.Sprintf("%.2f", v)
	case a < 99.95:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
