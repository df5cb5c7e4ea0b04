package report_test

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"github.com/forgergan/forger/gan/train/report"
	"github.com/forgergan/forger/gan/train/runlog"
)

func ExampleRender() {
	var records []runlog.Record // as runlog.Read returns them
	for step := 10; step <= 3000; step += 10 {
		records = append(records, runlog.Record{Step: step, Time: time.Now(), Losses: map[string]float64{"D": 0.7, "G": 1 + 100/float64(step)}})
	}
	var page bytes.Buffer // a program gives the file that it saves
	err := report.Render(&page, report.Run{
		Title:  "DCGAN on MNIST",
		Facts:  []report.Fact{{Name: "Steps", Value: "3,000"}, {Name: "Seed", Value: "1"}},
		Config: []report.Fact{{Name: "width", Value: "32", Note: "default 64"}},
		Series: report.Curves(records),
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.Count(page.String(), "<svg"), "charts")
	// Output: 2 charts
}
