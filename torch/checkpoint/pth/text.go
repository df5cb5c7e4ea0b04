package pth

import (
	"bytes"
	"math/big"
	"strconv"
	"unicode/utf8"

	"github.com/forgergan/forger/internal/mapfile"
)

// stepText carries out an instruction of protocols 0 and 1, whose arguments are lines of text. Python 2 wrote them unless
// asked otherwise; PyTorch never did.
func (m *machine) stepText(op byte) {
	switch op {
	case 'I': // INT, and since Python 2.3 also bool
		switch line := m.argument(); line {
		case "00", "01":
			m.push(line == "01")
		default:
			m.push(m.decimal(line))
		}
	case 'L': // LONG
		line := m.argument()
		if n := len(line); n > 0 && line[n-1] == 'L' {
			line = line[:n-1]
		}
		m.push(m.decimal(line))
	case 'F': // FLOAT
		line := m.argument()
		v, err := strconv.ParseFloat(line, 64)
		if err != nil && v == 0 {
			refuse("the pickle has the number %s", mapfile.Quote(line))
		}
		m.push(v)
	case 'S': // STRING
		m.push(m.quoted(m.rawLine()))
	case 'V': // UNICODE
		m.push(m.escaped(m.rawLine()))
	case 'g': // GET
		m.get(m.place())
	case 'p': // PUT
		m.put(m.place())
	default:
		refuse("the pickle has the instruction 0x%02x, which PyTorch does not write", op)
	}
}

// rawLine reads the bytes up to the end of the line.
func (m *machine) rawLine() []byte {
	n := bytes.IndexByte(m.data[m.at:], '\n')
	if n < 0 {
		refuse("the pickle is cut off inside a line")
	}
	line := m.take(uint64(n))
	m.at++
	return line
}

// argument is a line that writes a number.
func (m *machine) argument() string {
	line := m.rawLine()
	if len(line) > maxIntBytes {
		refuse("the pickle has a number of %d digits, the limit is %d", len(line), maxIntBytes)
	}
	return string(line)
}

func (m *machine) decimal(line string) any {
	v, ok := new(big.Int).SetString(line, 10)
	if !ok {
		refuse("the pickle has the integer %s", mapfile.Quote(line))
	}
	if v.IsInt64() {
		return v.Int64()
	}
	return v
}

func (m *machine) place() uint64 {
	line := m.argument()
	i, err := strconv.ParseUint(line, 10, 64)
	if err != nil {
		refuse("the pickle counts a value as number %s", mapfile.Quote(line))
	}
	return i
}

// quoted is what Python's repr of a str stands for: text, or bytes where it is none.
func (m *machine) quoted(line []byte) any {
	n := len(line)
	if n < 2 || line[0] != line[n-1] || line[0] != '\'' && line[0] != '"' {
		refuse("the pickle has a string without quotes")
	}
	line = line[1 : n-1]
	out := make([]byte, 0, len(line))
	for i := 0; i < len(line); i++ {
		if line[i] != '\\' {
			out = append(out, line[i])
			continue
		}
		if i++; i == len(line) {
			refuse("the pickle has a string that ends within an escape")
		}
		switch c := line[i]; c {
		case '\\', '\'', '"':
			out = append(out, c)
		case 'n':
			out = append(out, '\n')
		case 't':
			out = append(out, '\t')
		case 'r':
			out = append(out, '\r')
		case 'x':
			out = append(out, byte(fromHex(line, i+1, 2)))
			i += 2
		default:
			refuse("the pickle has a string with the escape \\x%02x, which Python does not write", c)
		}
	}
	if !utf8.Valid(out) {
		return Bytes(out)
	}
	return string(out)
}

// escaped is text whose characters are bytes, but for \uXXXX and \UXXXXXXXX.
func (m *machine) escaped(line []byte) string {
	out := make([]byte, 0, len(line))
	for i := 0; i < len(line); i++ {
		digits := 0
		if line[i] == '\\' && i+1 < len(line) {
			digits = map[byte]int{'u': 4, 'U': 8}[line[i+1]]
		}
		if digits == 0 {
			out = utf8.AppendRune(out, rune(line[i]))
			continue
		}
		out = utf8.AppendRune(out, rune(fromHex(line, i+2, digits)))
		i += 1 + digits
	}
	return string(out)
}

// fromHex is the number that n digits from a place on write.
func fromHex(line []byte, at, n int) uint64 {
	if at+n > len(line) {
		refuse("the pickle has a string that ends within an escape")
	}
	v, err := strconv.ParseUint(string(line[at:at+n]), 16, 31)
	if err != nil {
		refuse("the pickle has a string with the escape %s", mapfile.Quote(string(line[at:at+n])))
	}
	return v
}
