package progress

import (
	"math"
	"time"
)

// halfLife is after how much time a step counts half as much: long enough to be calm, short enough to follow a change.
const halfLife = 20 * time.Second

// meter is a moving average of a count's speed: the count and the time that it took, both fading with age. From the
// first reading on it is right for a steady speed, with no warm-up from zero.
type meter struct {
	count          int
	seconds, moved float64
}

// read takes the count as it is now, elapsed after the reading before.
func (m *meter) read(count int, elapsed time.Duration) {
	fade := math.Exp2(-float64(elapsed) / float64(halfLife))
	m.seconds = fade*m.seconds + elapsed.Seconds()
	m.moved = fade*m.moved + float64(count-m.count)
	m.count = count
}

// rate is a second's count, 0 while nothing is known.
func (m *meter) rate() float64 {
	if m.seconds <= 0 || m.moved <= 0 {
		return 0
	}
	return m.moved / m.seconds
}
