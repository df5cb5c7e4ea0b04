package checkpoint

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteTable prints the report for people: a row for each tensor, the totals, the metadata, and as the last line
// "content sha256:…".
func (r Report) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "name\tdtype\tshape\tcount\tbytes\tmin\tmax\tmean\tstd\tNaN\tInf")
	for _, t := range r.Tensors {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\t%s\t%d\t%d\n", printable(t.Name), t.DType, shapeText(t.Shape),
			t.Count, t.Bytes, number(t.Min), number(t.Max), number(t.Mean), number(t.Std), t.NaN, t.Inf)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("total %d tensors, %d elements, %d bytes, %d NaN, %d Inf",
		r.Total.Tensors, r.Total.Elements, r.Total.Bytes, r.Total.NaN, r.Total.Inf)}
	for _, key := range slices.Sorted(maps.Keys(r.Metadata)) {
		lines = append(lines, "metadata "+printable(key)+" = "+printable(r.Metadata[key]))
	}
	lines = append(lines, "checksum "+r.Checksum, "content "+r.Content)
	_, err := fmt.Fprintln(w, strings.Join(lines, "\n"))
	return err
}

// printable keeps text from a file on one line and away from the terminal's control codes.
func printable(text string) string {
	quoted := strconv.Quote(text)
	if quoted[1:len(quoted)-1] == text {
		return text
	}
	return quoted
}

func shapeText(shape []int) string {
	return strings.ReplaceAll(fmt.Sprint(shape), " ", ", ")
}

func number(x *float64) string {
	if x == nil {
		return "-"
	}
	return strconv.FormatFloat(*x, 'g', 5, 64)
}
