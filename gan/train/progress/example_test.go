package progress_test

import (
	"log"
	"os"
	"time"

	"github.com/forgergan/forger/gan/train/progress"
)

func ExampleBar() {
	clock := time.Date(2026, 1, 2, 15, 0, 0, 0, time.UTC) // a program leaves Options.Now out
	bar := progress.New(os.Stdout, progress.Options{
		Total: 300, EverySteps: 100,
		Now: func() time.Time { return clock },
	})
	logger := log.New(bar, "", 0)
	for step := 1; step <= 300; step++ {
		clock = clock.Add(20 * time.Millisecond)
		bar.Update(progress.Status{Step: step, Images: 64 * step, Losses: map[string]float64{"D": 0.7, "G": 300 / float64(step)}})
		if step == 200 {
			logger.Print("saved checkpoints/000200.safetensors")
		}
	}
	bar.Close()
	// Output:
	// 2026-01-02 15:00:02  step 100/300  33%  ETA 4s  3200 img/s  D 0.700  G 3.00
	// 2026-01-02 15:00:04  step 200/300  66%  ETA 2s  3200 img/s  D 0.700  G 1.50
	// saved checkpoints/000200.safetensors
	// 2026-01-02 15:00:06  step 300/300  100%  took 6s  3200 img/s  D 0.700  G 1.00
}
