package progress

import (
	"bytes"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// Options say what a Bar shows and how often.
type Options struct {
	Total      int              // the last step, 0 if the run has no end
	Start      int              // the step of the checkpoint that a resumed run goes on from
	Images     int              // the images seen by then
	Every      time.Duration    // between plain lines; 10 s if 0
	EverySteps int              // a plain line also at each multiple of this
	Now        func() time.Time // time.Now if nil
}

// Status is the state of a run after a step.
type Status struct {
	Step   int
	Images int                // real samples seen since the run began
	Losses map[string]float64 // nil: as before, for steps whose losses nobody read
	Stats  map[string]float64 // likewise: "D(real)", "D(fake)", "lr/G"
	RSS    uint64             // memory of the process in bytes, not shown if 0
	Device uint64             // memory of the GPU in bytes, not shown if 0
}

// frame is the shortest time between two drawings: ten a second look smooth and cost nothing.
const frame = 100 * time.Millisecond

// Bar shows the progress of a run. Its methods may be called from several goroutines.
type Bar struct {
	mu    sync.Mutex
	out   io.Writer
	o     Options
	width func() int // columns of the terminal; nil where out is none
	color bool

	status        Status
	began         time.Time
	read          time.Time // of the last Update
	drawn         time.Time // of the last line
	drawnStep     int
	live          bool   // the cursor is at the end of a progress line
	partial       []byte // a log line that has no end yet
	steps, images meter
}

// New returns a Bar that writes to out, which it treats as a terminal if it is one.
func New(out io.Writer, o Options) *Bar {
	b := newBar(out, o)
	if f, ok := out.(*os.File); ok && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		b.width = func() int {
			w, _, err := term.GetSize(int(f.Fd()))
			if err != nil || w <= 0 {
				return 80
			}
			return w
		}
		b.color = os.Getenv("NO_COLOR") == ""
	}
	return b
}

func newBar(out io.Writer, o Options) *Bar {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Every == 0 {
		o.Every = 10 * time.Second
	}
	now := o.Now()
	return &Bar{
		out: out, o: o, status: Status{Step: o.Start, Images: o.Images}, read: now, drawn: now, drawnStep: o.Start, began: now,
		steps: meter{count: o.Start}, images: meter{count: o.Images},
	}
}

// Update takes the state after a step and shows it if it is time. It is cheap enough for every step.
func (b *Bar) Update(s Status) {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := b.o.Now()
	if s.Losses == nil {
		s.Losses = b.status.Losses
	}
	if s.Stats == nil {
		s.Stats = b.status.Stats
	}
	b.steps.read(s.Step, now.Sub(b.read))
	b.images.read(s.Images, now.Sub(b.read))
	b.status, b.read = s, now

	due := now.Sub(b.drawn) >= b.o.Every || b.o.EverySteps > 0 && s.Step%b.o.EverySteps == 0
	if b.width != nil {
		due = now.Sub(b.drawn) >= frame
	}
	if due || s.Step == b.o.Total {
		b.draw(now)
	}
}

// ImagesPerSec is the speed that the line shows, 0 while it is unknown.
func (b *Bar) ImagesPerSec() float64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.images.rate()
}

// Write prints log lines above the progress line, which is drawn again below them. What has no newline yet waits for it.
// So a logger that writes to the Bar shares the terminal with it and neither tears the other's lines.
func (b *Bar) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	end := bytes.LastIndexByte(p, '\n') + 1
	if end == 0 {
		b.partial = append(b.partial, p...)
		return len(p), nil
	}
	lines := append(b.partial, p[:end]...)
	b.partial = bytes.Clone(p[end:])
	if err := b.print(lines); err != nil {
		return 0, err
	}
	return len(p), nil
}

// print writes whole log lines.
func (b *Bar) print(lines []byte) error {
	if !b.live {
		_, err := b.out.Write(lines)
		return err
	}
	if _, err := b.out.Write(append([]byte(clearLine), lines...)); err != nil {
		return err
	}
	b.draw(b.o.Now())
	return nil
}

// Close prints what is left of a log line, shows the last state, if it is not on show, and ends the progress line. The Bar
// still prints log lines after it.
func (b *Bar) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.partial) > 0 {
		if err := b.print(append(b.partial, '\n')); err != nil {
			return err
		}
		b.partial = nil
	}
	if b.drawnStep != b.status.Step {
		b.draw(b.o.Now())
	}
	if !b.live {
		return nil
	}
	b.live = false
	_, err := io.WriteString(b.out, "\n")
	return err
}

// draw writes the line. A failure is not reported: a run does not end because nobody can watch it.
func (b *Bar) draw(now time.Time) {
	var text string
	if b.width == nil {
		text = now.Format(time.DateTime) + "  step " + b.plain() + "\n"
	} else {
		text = "\r" + b.fit(b.width()-1) + clearRest // the last column would make some terminals wrap
		b.live = true
	}
	io.WriteString(b.out, text)
	b.drawn, b.drawnStep = now, b.status.Step
}
