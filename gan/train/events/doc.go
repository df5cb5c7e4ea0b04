// Package events writes TensorBoard event files, so that a run can be watched with the tool people already have.
//
//	w, err := events.Create("runs/digits", 1)
//	if err != nil {
//		return err
//	}
//	defer w.Close()
//	w.Scalar(100, "loss/G", 1.23)
//	w.Image(100, "samples", png, 266, 266)
//	w.Flush()
//
// Then `tensorboard --logdir runs` shows it, also while the run goes on.
//
// # The format
//
// A file is named events.out.tfevents.<seconds>.<host>.<pid> and is a sequence of TFRecords: the length of the payload
// (8 bytes), a masked CRC-32C of these 8 bytes, the payload, and a masked CRC-32C of the payload, all little-endian.
// A payload is one Event of tensorflow/core/util/event.proto. The first holds nothing but the version, "brain.Event:2".
//
// # Resuming
//
// A file is never reopened: a record torn by a kill would hide all that follows it. A resumed run creates the next
// file, whose second record is a SessionLog with status START at the first step to come. TensorBoard then forgets what
// older files say of that step and the later ones, so curves do not run twice over the steps that were lost.
package events

import "hash/crc32"

// version is what TensorBoard wants to find in the first record.
const version = "brain.Event:2"

// Field numbers of event.proto and summary.proto. They are part of files on people's disks and never change.
const (
	eventTime       = 1 // double
	eventStep       = 2 // int64
	eventVersion    = 3 // string
	eventSummary    = 5 // Summary
	eventSession    = 7 // SessionLog
	sessionStatus   = 1 // enum
	sessionStart    = 1
	summaryValue    = 1 // repeated Value
	valueTag        = 1 // string
	valueScalar     = 2 // float
	valueImage      = 4 // Image
	imageHeight     = 1 // int32
	imageWidth      = 2 // int32
	imageColorspace = 3 // int32
	imageEncoded    = 4 // bytes
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is TFRecord's checksum: rotated and offset, so that a checksum over data which holds checksums stays strong.
func maskedCRC(b []byte) uint32 {
	c := crc32.Checksum(b, castagnoli)
	return (c>>15 | c<<17) + 0xa282ead8
}
