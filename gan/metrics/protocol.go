package metrics

import "strings"

// Protocol is the name of a score with all that its value depends on, in the order given; empty parts are left out:
//
//	Protocol("KD-MNISTCNN", "net=0f3a9c21", KernelOptions{}.String(), "N=10000")
//
// is KD-MNISTCNN[net=0f3a9c21; poly3; subsets=100×1000; subset-seed=2020; N=10000]. The options of a score are such a
// part by their String method.
func Protocol(score string, parts ...string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	return score + "[" + strings.Join(kept, "; ") + "]"
}
