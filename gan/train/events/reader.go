package events

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Event is one record of a file.
type Event struct {
	Time    float64 // seconds since 1970
	Step    int
	Version string  // in the first record only
	Start   bool    // a run begins or goes on: older records of this and later steps no longer count
	Values  []Value // curves and pictures
}

// Value is a point of a curve or, where PNG is not nil, a picture.
type Value struct {
	Name          string
	Scalar        float64
	PNG           []byte
	Width, Height int
}

// ErrCorrupt is wrapped by the error of Reader.Next where a checksum or an encoding is wrong.
var ErrCorrupt = errors.New("corrupt event file")

// Reader reads an event file from front to back.
type Reader struct {
	r      *bufio.Reader
	offset int64
}

// NewReader reads from r, which may still be written to by someone else.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReader(r)} }

// Next returns the next event, io.EOF after the last one, io.ErrUnexpectedEOF where the last record is torn (its
// writer was killed, or has not flushed yet), and an error that wraps ErrCorrupt where the bytes are wrong.
func (r *Reader) Next() (Event, error) {
	var head [12]byte
	if _, err := io.ReadFull(r.r, head[:]); err != nil {
		return Event{}, err
	}
	n := binary.LittleEndian.Uint64(head[:8])
	if maskedCRC(head[:8]) != binary.LittleEndian.Uint32(head[8:]) || n > math.MaxInt64-4 {
		return Event{}, fmt.Errorf("events: %w: bad length of the record at byte %d", ErrCorrupt, r.offset)
	}
	// Grows with what is really there: a hostile length must not allocate.
	var body bytes.Buffer
	if _, err := io.CopyN(&body, r.r, int64(n)+4); errors.Is(err, io.EOF) {
		return Event{}, io.ErrUnexpectedEOF
	} else if err != nil {
		return Event{}, err
	}
	payload, sum := body.Bytes()[:n], body.Bytes()[n:]
	if maskedCRC(payload) != binary.LittleEndian.Uint32(sum) {
		return Event{}, fmt.Errorf("events: %w: wrong checksum of the record at byte %d", ErrCorrupt, r.offset)
	}
	e, err := parseEvent(payload)
	if err != nil {
		return Event{}, fmt.Errorf("events: %w: record at byte %d: %v", ErrCorrupt, r.offset, err)
	}
	r.offset += int64(len(head)) + int64(body.Len())
	return e, nil
}

func parseEvent(b []byte) (e Event, err error) {
	err = fields(b, func(f field) error {
		switch f.key {
		case key{eventTime, protowire.Fixed64Type}:
			e.Time = math.Float64frombits(f.number)
		case key{eventStep, protowire.VarintType}:
			e.Step = int(f.number)
		case key{eventVersion, protowire.BytesType}:
			e.Version = string(f.bytes)
		case key{eventSession, protowire.BytesType}:
			return fields(f.bytes, func(f field) error {
				if f.key == (key{sessionStatus, protowire.VarintType}) {
					e.Start = f.number == sessionStart
				}
				return nil
			})
		case key{eventSummary, protowire.BytesType}:
			return fields(f.bytes, func(f field) error {
				if f.key != (key{summaryValue, protowire.BytesType}) {
					return nil
				}
				v, err := parseValue(f.bytes)
				e.Values = append(e.Values, v)
				return err
			})
		}
		return nil
	})
	return e, err
}

func parseValue(b []byte) (v Value, err error) {
	err = fields(b, func(f field) error {
		switch f.key {
		case key{valueTag, protowire.BytesType}:
			v.Name = string(f.bytes)
		case key{valueScalar, protowire.Fixed32Type}:
			v.Scalar = float64(math.Float32frombits(uint32(f.number)))
		case key{valueImage, protowire.BytesType}:
			return fields(f.bytes, func(f field) error {
				switch f.key {
				case key{imageHeight, protowire.VarintType}:
					v.Height = int(int32(f.number))
				case key{imageWidth, protowire.VarintType}:
					v.Width = int(int32(f.number))
				case key{imageEncoded, protowire.BytesType}:
					v.PNG = f.bytes
				}
				return nil
			})
		}
		return nil
	})
	return v, err
}

// key is a field's number and wire type: a known number of another type is skipped like an unknown field.
type key struct {
	number protowire.Number
	typ    protowire.Type
}

type field struct {
	key
	number uint64 // varint, fixed32, fixed64
	bytes  []byte
}

// fields calls f for each field of a message.
func fields(b []byte, f func(field) error) error {
	for len(b) > 0 {
		num, typ, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		v := field{key: key{num, typ}}
		switch typ {
		case protowire.VarintType:
			v.number, n = protowire.ConsumeVarint(b)
		case protowire.Fixed64Type:
			v.number, n = protowire.ConsumeFixed64(b)
		case protowire.Fixed32Type:
			var u uint32
			u, n = protowire.ConsumeFixed32(b)
			v.number = uint64(u)
		case protowire.BytesType:
			v.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(num, typ, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := f(v); err != nil {
			return err
		}
	}
	return nil
}
