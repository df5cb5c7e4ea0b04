package checkpoint

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// scanner reads the JSON of a header. encoding/json keeps no order of keys, lets a duplicate key win silently and
// repairs broken text, each of which a hostile file can use; the grammar needed here is small: objects, arrays of
// integers, strings. The input must be valid UTF-8.
type scanner struct {
	text []byte
	at   int
}

// syntaxError is a fault of the JSON and where it is.
func (s *scanner) syntaxError(format string, args ...any) error {
	return fmt.Errorf("the header is broken at byte %d: %s", s.at, fmt.Sprintf(format, args...))
}

// peek skips white space and returns the next byte without taking it, 0 at the end.
func (s *scanner) peek() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// found describes the next byte for an error.
func (s *scanner) found() string {
	if s.at >= len(s.text) {
		return "its end"
	}
	return strconv.QuoteRune(rune(s.text[s.at]))
}

func (s *scanner) expect(c byte) error {
	if s.peek() != c {
		return s.syntaxError("expected %q, found %s", c, s.found())
	}
	s.at++
	return nil
}

// word takes the literal, such as null, if it comes next.
func (s *scanner) word(literal string) bool {
	s.peek()
	if !bytes.HasPrefix(s.text[s.at:], []byte(literal)) {
		return false
	}
	s.at += len(literal)
	return true
}

// object reads an object and calls field with each key, which must read the value. A key that comes twice is an error.
func (s *scanner) object(field func(key string) error) error {
	if s.peek() != '{' {
		return s.syntaxError("expected an object, found %s", s.found())
	}
	s.at++
	if s.peek() == '}' {
		s.at++
		return nil
	}
	var seen keys
	for {
		key, err := s.str()
		if err != nil {
			return err
		}
		if !seen.add(key) {
			return fmt.Errorf("the key %s occurs twice", quote(key))
		}
		if err := s.expect(':'); err != nil {
			return err
		}
		if err := field(key); err != nil {
			return err
		}
		if s.peek() == ',' {
			s.at++
			continue
		}
		return s.expect('}')
	}
}

// keys is a set of keys. Most objects describe a tensor and have three, for which a map would cost more than all else.
type keys struct {
	few  [4]string
	n    int
	many map[string]struct{}
}

// add puts a key into the set and tells whether it is new.
func (k *keys) add(key string) bool {
	for _, old := range k.few[:min(k.n, len(k.few))] {
		if old == key {
			return false
		}
	}
	if k.n < len(k.few) {
		k.few[k.n] = key
		k.n++
		return true
	}
	if _, twice := k.many[key]; twice {
		return false
	}
	if k.many == nil {
		k.many = map[string]struct{}{}
	}
	k.many[key] = struct{}{}
	return true
}

// integers reads an array of at most most integers of 0 to 2^63-1.
func (s *scanner) integers(most int) ([]int, error) {
	if s.peek() != '[' {
		return nil, s.syntaxError("expected a list, found %s", s.found())
	}
	s.at++
	list := []int{}
	if s.peek() == ']' {
		s.at++
		return list, nil
	}
	for {
		if len(list) == most {
			return nil, fmt.Errorf("more than %d numbers", most)
		}
		n, err := s.integer()
		if err != nil {
			return nil, err
		}
		list = append(list, int(n))
		if s.peek() == ',' {
			s.at++
			continue
		}
		return list, s.expect(']')
	}
}

func (s *scanner) integer() (int64, error) {
	s.peek()
	start := s.at
	for s.at < len(s.text) && strings.IndexByte("+-.eE0123456789", s.text[s.at]) >= 0 {
		s.at++
	}
	number := s.text[start:s.at]
	if len(number) == 0 {
		return 0, s.syntaxError("expected a number, found %s", s.found())
	}
	if number[0] == '-' {
		return 0, fmt.Errorf("%s is negative", shorten(number))
	}
	for _, c := range number {
		if c < '0' || c > '9' {
			return 0, fmt.Errorf("%s is not an integer", shorten(number))
		}
	}
	if len(number) > 1 && number[0] == '0' {
		s.at = start
		return 0, s.syntaxError("a number with a leading zero")
	}
	n, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s is beyond 2^63-1", shorten(number))
	}
	return n, nil
}

func shorten(number []byte) string {
	if len(number) > 24 {
		return string(number[:24]) + "…"
	}
	return string(number)
}

// str reads a string.
func (s *scanner) str() (string, error) {
	if s.peek() != '"' {
		return "", s.syntaxError("expected a string, found %s", s.found())
	}
	s.at++
	start := s.at
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return string(s.text[start : s.at-1]), nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return "", s.syntaxError("a control character in a string")
		}
		s.at++
	}
	return "", s.syntaxError("a string without an end")
}

// escaped goes on with a string that began at start and has an escape at s.at.
func (s *scanner) escaped(start int) (string, error) {
	text := append([]byte(nil), s.text[start:s.at]...)
	for s.at < len(s.text) {
		c := s.text[s.at]
		s.at++
		switch {
		case c == '"':
			return string(text), nil
		case c == '\\':
			r, err := s.escape()
			if err != nil {
				return "", err
			}
			text = utf8.AppendRune(text, r)
		case c < ' ':
			s.at--
			return "", s.syntaxError("a control character in a string")
		default:
			text = append(text, c)
		}
	}
	return "", s.syntaxError("a string without an end")
}

// plain are the escapes that stand for one character.
var plain = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads what follows a backslash.
func (s *scanner) escape() (rune, error) {
	if s.at >= len(s.text) {
		return 0, s.syntaxError("a string without an end")
	}
	c := s.text[s.at]
	if r, ok := plain[c]; ok {
		s.at++
		return r, nil
	}
	if c != 'u' {
		return 0, s.syntaxError("an unknown escape")
	}
	r, err := s.unit()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	// Two broken names would become one if a lone surrogate were replaced, so it is refused.
	if s.at < len(s.text) && s.text[s.at] == '\\' {
		s.at++
		low, err := s.unit()
		if err != nil {
			return 0, err
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, nil
		}
	}
	return 0, s.syntaxError("half of a surrogate pair")
}

// unit reads the u and four digits of an escape.
func (s *scanner) unit() (rune, error) {
	if len(s.text)-s.at < 5 || s.text[s.at] != 'u' {
		return 0, s.syntaxError("a broken \\u escape")
	}
	n, err := strconv.ParseUint(string(s.text[s.at+1:s.at+5]), 16, 16)
	if err != nil {
		return 0, s.syntaxError("a broken \\u escape")
	}
	s.at += 5
	return rune(n), nil
}
