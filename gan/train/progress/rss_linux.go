package progress

import (
	"fmt"
	"os"
)

// RSS is the memory of this process that is in RAM, in bytes, and 0 where the system does not say.
func RSS() uint64 {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var total, resident uint64
	if _, err := fmt.Sscan(string(text), &total, &resident); err != nil {
		return 0
	}
	return resident * uint64(os.Getpagesize())
}
