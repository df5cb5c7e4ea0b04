package main

import (
	"bytes"
	"fmt"
	"go/format"
)

// emitTestTable lists the generated functions for the tests that call all of them.
func emitTestTable(ops []*op) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(ccHeader + "\npackage torch\n\n" +
		"// Operators are the generated functions by the names of their schemas.\nvar Operators = map[string]any{\n")
	for _, o := range ops {
		function := o.goName
		if o.method() {
			function = "(*Tensor)." + function
		}
		fmt.Fprintf(&b, "\t%q: %s,\n", o.schemaName, function)
	}
	b.WriteString("}\n")
	return format.Source(b.Bytes())
}
