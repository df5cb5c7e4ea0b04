package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// printReport says what a LibTorch wheel changes for the allowed operators: one line for each that is gone, two and
// what differs for each whose schema is another, and one for each overload of an allowed name that the wheel in old,
// where one is given, does not have.
func printReport(w io.Writer, lockFile string, allowed []*op, wheel, old string) error {
	ops, err := readLock(lockFile, allowed)
	if err != nil {
		return err
	}
	all, err := wheelSchemas(wheel)
	if err != nil {
		return err
	}
	before := all
	if old != "" {
		if before, err = wheelSchemas(old); err != nil {
			return err
		}
	}
	bases := map[string]bool{}
	removed, changed, added := 0, 0, 0
	for _, o := range ops {
		bases[o.header()] = true
		switch now, ok := all[o.schemaName]; {
		case !ok:
			fmt.Fprintf(w, "removed  %s\n", o.schema)
			removed++
		case now != o.schema:
			fmt.Fprintf(w, "changed  %s\n     to  %s\n", o.schema, now)
			for _, d := range differences(o.schema, now) {
				fmt.Fprintf(w, "         %s\n", d)
			}
			changed++
		}
	}
	for _, name := range sortedNames(all) {
		base := (&op{schemaName: name}).header()
		if _, had := before[name]; !had && bases[base] && !strings.HasSuffix(name, "out") {
			fmt.Fprintf(w, "new      %s\n", all[name])
			added++
		}
	}
	fmt.Fprintf(w, "%d operators: %d removed, %d changed, %d new overloads\n", len(ops), removed, changed, added)
	return nil
}

func sortedNames(all map[string]string) (names []string) {
	for name := range all {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// differences names the arguments and results that two schemas of one operator do not share.
func differences(from, to string) (out []string) {
	a, b := op{schema: from}, op{schema: to}
	if a.parse() != nil {
		return nil // the lock's are always readable
	}
	if err := b.parse(); err != nil {
		return []string{"the generator: " + err.Error()}
	}
	find := func(args []arg, name string) (arg, bool) {
		i := slices.IndexFunc(args, func(x arg) bool { return x.name == name })
		if i < 0 {
			return arg{}, false
		}
		return args[i], true
	}
	for _, x := range a.args {
		switch y, ok := find(b.args, x.name); {
		case !ok:
			out = append(out, "no argument "+x.name)
		case x.typ != y.typ || x.size != y.size:
			out = append(out, fmt.Sprintf("%s is %s, was %s", x.name, y.typ, x.typ))
		case x.deflt != y.deflt:
			out = append(out, fmt.Sprintf("%s is %s by default, was %s", x.name, orNothing(y), orNothing(x)))
		}
	}
	for _, y := range b.args {
		if _, ok := find(a.args, y.name); !ok {
			out = append(out, fmt.Sprintf("argument %s %s is new, %s by default", y.typ, y.name, orNothing(y)))
		}
	}
	if a.returns != b.returns {
		out = append(out, fmt.Sprintf("it returns %s, returned %s", b.returns, a.returns))
	}
	return out
}

func orNothing(a arg) string {
	if a.has {
		return a.deflt
	}
	return "nothing"
}
