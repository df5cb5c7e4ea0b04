package events

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

const prefix = "events.out.tfevents."

// Writer appends records to one event file. It is not safe for concurrent use.
//
// Records are buffered: call Flush when a watcher should see them. After a failed write every later call fails with the
// same error, so a caller may look at the error of Flush alone.
type Writer struct {
	file *os.File
	buf  *bufio.Writer
}

// Create starts a new event file in dir, which is made if it is missing. nextStep is the first step that will be
// written: 1 for a fresh run, the checkpoint's step + 1 for a resumed one (see the package's comment on resuming).
func Create(dir string, nextStep int) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	seconds, err := nextSecond(dir, time.Now().Unix())
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "localhost"
	}
	name := fmt.Sprintf("%s%010d.%s.%d", prefix, seconds, host, os.Getpid())
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
	if err != nil {
		return nil, fmt.Errorf("events: %w", err)
	}
	w := &Writer{file, bufio.NewWriterSize(file, 64<<10)}

	w.write(protowire.AppendString(protowire.AppendTag(event(0), eventVersion, protowire.BytesType), version))
	start := protowire.AppendVarint(protowire.AppendTag(nil, sessionStatus, protowire.VarintType), sessionStart)
	w.write(message(event(nextStep), eventSession, start))
	if err := w.Flush(); err != nil {
		file.Close()
		return nil, err
	}
	return w, nil
}

// nextSecond is the time to put into the new file's name. TensorBoard reads files in the order of their names, so the time
// must be later than that of every file in dir, even within one second or after the clock was set back.
func nextSecond(dir string, now int64) (int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), prefix)
		if !ok {
			continue
		}
		digits, _, _ := strings.Cut(rest, ".")
		if t, err := strconv.ParseInt(digits, 10, 64); err == nil && len(digits) == 10 && t >= now {
			now = t + 1
		}
	}
	return now, nil
}

// Path is the name of the file that is written.
func (w *Writer) Path() string { return w.file.Name() }

// Scalar records a point of the curve called name. The format holds it as float32.
// A slash in the name groups curves: "loss/G" and "loss/D" share a panel.
func (w *Writer) Scalar(step int, name string, value float64) error {
	v := protowire.AppendString(protowire.AppendTag(nil, valueTag, protowire.BytesType), name)
	v = protowire.AppendTag(v, valueScalar, protowire.Fixed32Type)
	v = protowire.AppendFixed32(v, math.Float32bits(float32(value)))
	return w.write(message(event(step), eventSummary, message(nil, summaryValue, v)))
}

// Image records a picture, given as the bytes of a PNG file of width by height pixels.
func (w *Writer) Image(step int, name string, png []byte, width, height int) error {
	if !bytes.HasPrefix(png, []byte("\x89PNG\r\n\x1a\n")) || len(png) <= ihdrColourType {
		return fmt.Errorf("events: image %q of step %d is not a PNG file", name, step)
	}
	var i []byte
	for _, f := range []struct {
		field protowire.Number
		value int
	}{{imageHeight, height}, {imageWidth, width}, {imageColorspace, colorspace(png[ihdrColourType])}} {
		i = protowire.AppendVarint(protowire.AppendTag(i, f.field, protowire.VarintType), uint64(f.value))
	}
	i = message(i, imageEncoded, png)
	v := protowire.AppendString(protowire.AppendTag(nil, valueTag, protowire.BytesType), name)
	return w.write(message(event(step), eventSummary, message(nil, summaryValue, message(v, valueImage, i))))
}

// ihdrColourType is where every PNG file says grey, colour, palette or alpha: its header is always the first chunk.
const ihdrColourType = 25

// colorspace is summary.proto's number for PNG's colour type: the count of channels a reader gets.
func colorspace(pngType byte) int {
	switch pngType {
	case 0:
		return 1
	case 4:
		return 2
	case 6:
		return 4
	}
	return 3
}

// Flush hands all records to the operating system, where TensorBoard sees them.
func (w *Writer) Flush() error {
	if err := w.buf.Flush(); err != nil {
		return fmt.Errorf("events: %w", err)
	}
	return nil
}

// Close flushes and closes the file.
func (w *Writer) Close() error {
	err := w.Flush()
	if e := w.file.Close(); err == nil && e != nil {
		err = fmt.Errorf("events: %w", e)
	}
	return err
}

// event begins an Event: the time and the step, which every record has.
func event(step int) []byte {
	b := protowire.AppendTag(nil, eventTime, protowire.Fixed64Type)
	b = protowire.AppendFixed64(b, math.Float64bits(float64(time.Now().UnixMicro())/1e6))
	b = protowire.AppendTag(b, eventStep, protowire.VarintType)
	return protowire.AppendVarint(b, uint64(step))
}

// message appends a nested message, or bytes, as a field of b.
func message(b []byte, field protowire.Number, content []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), content)
}

// write frames a payload as a TFRecord. The buffer keeps the first error and returns it for ever.
func (w *Writer) write(payload []byte) error {
	var head [12]byte
	binary.LittleEndian.PutUint64(head[:8], uint64(len(payload)))
	binary.LittleEndian.PutUint32(head[8:], maskedCRC(head[:8]))
	w.buf.Write(head[:])
	w.buf.Write(payload)
	if _, err := w.buf.Write(binary.LittleEndian.AppendUint32(nil, maskedCRC(payload))); err != nil {
		return fmt.Errorf("events: %w", err)
	}
	return nil
}
