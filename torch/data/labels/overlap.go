package labels

import (
	"fmt"
	"strings"

	"github.com/forgergan/forger/internal/numpyrandom"
)

// Overlap makes Labels classes of Classes: CIFAR-10to5 of CP-GAN (Kaneko et al. 2019) is {10, 5}, CIFAR-7to3 {7, 3}.
// Classes is twice Labels, or one more. Class 2k belongs to label k alone, class 2k+1 to k and the one after it,
// in a ring; the class after these, if there is one, belongs to all. An item gets one of its class's labels, each as
// likely; the set's further classes are left out. The zero value is no overlap.
type Overlap struct {
	Classes, Labels int
}

// Members are the labels that an item of a class may have. One-hot vectors of them, averaged, are the state
// that CP-GAN draws that class from.
func (o Overlap) Members(class int) []int {
	switch k := class / 2; {
	case class == 2*o.Labels:
		all := make([]int, o.Labels)
		for i := range all {
			all[i] = i
		}
		return all
	case class%2 == 0:
		return []int{k}
	default:
		return []int{k, (k + 1) % o.Labels}
	}
}

// States are the Members of each class.
func (o Overlap) States() (all [][]int) {
	for class := range o.Classes {
		all = append(all, o.Members(class))
	}
	return all
}

func (o Overlap) check() error {
	if n := o.Classes - 2*o.Labels; o.Labels < 2 || o.Labels > 1<<16 || n != 0 && n != 1 {
		return fmt.Errorf("overlap %v: the first number must be twice the second, or one more, as in 10to5 and 7to3", o)
	}
	return nil
}

// names calls each label by the classes that may have it: "0/1/9".
func (o Overlap) names(classes []string) []string {
	parts := make([][]string, o.Labels)
	for class := range o.Classes {
		for _, k := range o.Members(class) {
			parts[k] = append(parts[k], classes[class])
		}
	}
	names := make([]string, o.Labels)
	for k := range names {
		names[k] = strings.Join(parts[k], "/")
	}
	return names
}

// draw draws labels for items of these classes, one uniform number an item, as CP-GAN's datasets/cifar.py does.
func (o Overlap) draw(classes []int32, rng *numpyrandom.State) []int32 {
	out := make([]int32, len(classes))
	for i, class := range classes {
		u, members := rng.Float64(), o.Members(int(class))
		j := 0
		for j < len(members)-1 && u > float64(j+1)/float64(len(members)) {
			j++
		}
		out[i] = int32(members[j])
	}
	return out
}

// String is the overlap in the text of options: 10to5.
func (o Overlap) String() string { return fmt.Sprintf("%dto%d", o.Classes, o.Labels) }
