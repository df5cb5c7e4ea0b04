package progress

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// RSS is the memory of this process that is in RAM, in bytes, and 0 where the system does not say.
func RSS() uint64 { return processStatus("VmRSS:") }

// PeakRSS is the largest RSS of this process so far, in bytes, and 0 where the system does not say.
func PeakRSS() uint64 { return processStatus("VmHWM:") }

// processStatus reads one entry of the kernel's description of this process.
func processStatus(key string) uint64 {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if value, ok := strings.CutPrefix(lines.Text(), key); ok {
			var kilobytes uint64
			if _, err := fmt.Sscan(value, &kilobytes); err != nil {
				return 0
			}
			return kilobytes << 10
		}
	}
	return 0
}

// ResetPeakRSS lets PeakRSS begin again at the present RSS, where the system can.
func ResetPeakRSS() { os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }
