package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

var (
	//go:embed page.html
	pageHTML string
	//go:embed page.css
	pageCSS template.CSS
	//go:embed page.js
	pageJS template.JS

	page = template.Must(template.New("page").Parse(pageHTML))
)

// Render writes the page of a run. Nothing is written where an error is returned for what the run holds: series that go
// back, grids that are not PNG. The caller saves it, at best in one atomic step.
func Render(w io.Writer, run Run) error {
	drawn, err := charts(run.Series)
	if err != nil {
		return err
	}
	shown, err := pictures(run.Grids)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	err = page.Execute(&b, struct {
		Run
		Charts   []chart
		Pictures []picture
		Wide     bool
		CSS      template.CSS
		JS       template.JS
	}{run, drawn, shown, wide(shown), pageCSS, pageJS})
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if _, err := w.Write(b.Bytes()); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
