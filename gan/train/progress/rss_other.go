//go:build !linux

package progress

// RSS is the memory of this process that is in RAM, in bytes, and 0 where the system does not say.
func RSS() uint64 { return 0 }

// PeakRSS is the largest RSS of this process so far, in bytes, and 0 where the system does not say.
func PeakRSS() uint64 { return 0 }

// ResetPeakRSS lets PeakRSS begin again at the present RSS, where the system can.
func ResetPeakRSS() {}
