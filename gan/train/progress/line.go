package progress

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Control sequences that every terminal of the last forty years knows.
const (
	clearLine = "\r\x1b[K"
	clearRest = "\x1b[K"
	bold      = "\x1b[1m"
	dim       = "\x1b[2m"
	red       = "\x1b[31m"
	cyan      = "\x1b[36m"
	reset     = "\x1b[0m"
)

// part is a piece of the line. The lower its rank, the longer it stays as the terminal gets narrower.
type part struct {
	rank        int
	name, value string // shown as "name value", or the value alone
	color       string // of the value
}

func (p part) text() string {
	if p.name == "" {
		return p.value
	}
	return p.name + " " + p.value
}

// Ranks: where a run is, then when it ends, then how the players do, then the rest.
const (
	rankPosition = iota
	rankLeft
	rankLoss
	rankSpeed
	rankStat
	rankMemory
)

// parts is the line without the bar, pieces in the order shown. width pads numbers to a fixed width.
func (b *Bar) parts(width int) []part {
	s := b.status
	position := fmt.Sprint(s.Step)
	if b.o.Total > 0 {
		total := fmt.Sprint(b.o.Total)
		position = fmt.Sprintf("%*s/%s", min(width, 1)*len(total), position, total)
	}
	all := []part{{rankPosition, "", position, bold}}
	if b.o.Total > 0 {
		all = append(all, part{rankPosition, "", fmt.Sprintf("%3d%%", int(100*int64(s.Step)/int64(b.o.Total))), ""})
	}
	if rate := b.steps.rate(); rate > 0 && s.Step < b.o.Total {
		left := float64(b.o.Total-s.Step) / rate * float64(time.Second)
		if left < math.MaxInt64 {
			all = append(all, part{rankLeft, "ETA", duration(time.Duration(left)), ""})
		}
	}
	if s.Step == b.o.Total {
		all = append(all, part{rankLeft, "took", duration(b.read.Sub(b.began)), ""})
	}
	if rate := b.images.rate(); rate > 0 {
		all = append(all, part{rankSpeed, "", number(rate) + " img/s", ""})
	}
	for _, group := range []struct {
		rank   int
		color  string
		values map[string]float64
	}{{rankLoss, cyan, s.Losses}, {rankStat, "", s.Stats}} {
		for _, name := range slices.Sorted(maps.Keys(group.values)) {
			v := group.values[name]
			color := group.color
			if math.IsNaN(v) || math.IsInf(v, 0) {
				color = red
			}
			all = append(all, part{group.rank, printable(name), fmt.Sprintf("%*s", width, number(v)), color})
		}
	}
	if s.RSS > 0 {
		all = append(all, part{rankMemory, "", size(s.RSS), ""})
	}
	if s.Device > 0 {
		all = append(all, part{rankMemory, "GPU", size(s.Device), ""})
	}
	return all
}

// plain is the whole line for a file, which has no width.
func (b *Bar) plain() string {
	var texts []string
	for _, p := range b.parts(0) {
		texts = append(texts, strings.TrimSpace(p.text()))
	}
	return strings.Join(texts, "  ")
}

// fit is the line for a terminal of so many columns: what matters least goes first, and a bar takes up to 30 columns of
// the room that is left.
func (b *Bar) fit(columns int) string {
	all := b.parts(5)
	used := func() (n int) {
		for _, p := range all {
			n += utf8.RuneCountInString(p.text()) + 2
		}
		return n - 2
	}
	for len(all) > 1 && used() > columns {
		worst := 0
		for i, p := range all {
			if p.rank >= all[worst].rank {
				worst = i
			}
		}
		all = slices.Delete(all, worst, worst+1)
	}
	if used() > columns {
		return string([]rune(all[0].text())[:max(columns, 0)])
	}
	var line strings.Builder
	room := min(columns-used()-1, 30)
	for i, p := range all {
		if i > 0 {
			line.WriteString("  ")
		}
		if p.name != "" {
			line.WriteString(b.paint(dim, p.name) + " ")
		}
		line.WriteString(b.paint(p.color, p.value))
		if i == 1 && p.rank == rankPosition && room >= 8 {
			line.WriteString(" " + b.bar(room))
		}
	}
	return line.String()
}

// bar is the share done, to half a column.
func (b *Bar) bar(columns int) string {
	halves := int(2 * int64(columns) * int64(min(b.status.Step, b.o.Total)) / int64(b.o.Total))
	done := strings.Repeat("━", halves/2)
	if halves%2 == 1 {
		done += "╸"
	}
	rest := columns - utf8.RuneCountInString(done)
	if !b.color { // without colour only the shape tells done from to do
		return done + strings.Repeat("─", rest)
	}
	return b.paint(cyan, done) + b.paint(dim, strings.Repeat("━", rest))
}

func (b *Bar) paint(color, text string) string {
	if !b.color || color == "" || text == "" {
		return text
	}
	return color + text + reset
}

// printable keeps a name from moving the cursor.
func printable(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, name)
}
