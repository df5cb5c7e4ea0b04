package runlog

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Log appends records to a file. It is not safe for concurrent use, and one program at a time may have a log open.
type Log struct {
	file *os.File
	size int64 // of the lines that are whole
}

// Open opens the log at path, or makes an empty one. A torn last line is cut off.
func Open(path string) (*Log, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	l := &Log{file: file}
	if l.size, err = scan(path, file, func(Record) bool { return true }); err == nil {
		err = l.cut()
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return l, nil
}

// Append writes one line. Where that fails, as on a full disk, nothing of the line stays in the file.
func (l *Log) Append(r Record) error {
	b, err := marshal(r)
	if err != nil {
		return fmt.Errorf("runlog: %w", err)
	}
	if _, err := l.file.Write(b); err != nil {
		return errors.Join(fmt.Errorf("runlog: %w", err), l.cut())
	}
	l.size += int64(len(b))
	return nil
}

// Truncate drops the first line whose step is greater than afterStep and all that follow it. The file is cut in one
// operation, which needs no room on the disk: it has either its old length or the new one.
func (l *Log) Truncate(afterStep int) error {
	size, err := scan(l.file.Name(), io.NewSectionReader(l.file, 0, l.size), func(r Record) bool { return r.Step <= afterStep })
	if err != nil {
		return err
	}
	l.size = size
	return l.cut()
}

// Sync waits until the log is on the disk. Called with each checkpoint, it keeps the log no shorter than the checkpoint
// through a power cut.
func (l *Log) Sync() error {
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("runlog: %w", err)
	}
	return nil
}

// Close closes the file.
func (l *Log) Close() error {
	if err := l.file.Close(); err != nil {
		return fmt.Errorf("runlog: %w", err)
	}
	return nil
}

func (l *Log) cut() error {
	if err := l.file.Truncate(l.size); err != nil {
		return fmt.Errorf("runlog: %w", err)
	}
	return nil
}

// Read returns all records of the log at path, which a run may be writing to. A torn last line is ignored.
func Read(path string) ([]Record, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	defer file.Close()
	var all []Record
	_, err = scan(path, file, func(r Record) bool { all = append(all, r); return true })
	return all, err
}

// scan calls keep for each record until it says no, and returns the length of the lines before that. A last line that is
// not whole does not count; a bad line with others after it is damage which no kill explains, and is left to a person.
func scan(name string, r io.Reader, keep func(Record) bool) (size int64, err error) {
	br := bufio.NewReader(r)
	for n := 1; ; n++ {
		text, err := br.ReadBytes('\n')
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return size, fmt.Errorf("runlog: %w", err)
		}
		record, err := unmarshal(bytes.TrimSuffix(text, []byte("\n")))
		if err != nil {
			if _, peek := br.Peek(1); peek == io.EOF {
				return size, nil
			}
			return size, fmt.Errorf("runlog: %s: line %d is damaged (%v): mend or delete the line", name, n, err)
		}
		if !keep(record) {
			return size, nil
		}
		size += int64(len(text))
	}
}
