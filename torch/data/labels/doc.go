// Package labels changes the labels of a data set as experiments with imperfect labels need: noise, classes that
// overlap, and labels that are missing.
//
//	o, err := labels.Parse("symmetric:0.5")          // what --labels takes
//	if err != nil {
//		return err
//	}
//	noisy, err := labels.Apply(digits, o)             // a data set with the fields "label", noisy, and "clean"
//	if err != nil {
//		return err
//	}
//	run, err := train.Open(dir, model, noisy, train.Options{}) // stores o.String(), and compares it on resuming
//
// # Order
//
// What is asked for happens in this order, whatever the order in the text: items are left out, classes overlap, labels are
// corrupted, labels are taken away. A file stands alone, and says itself which items it is of. All of it draws from one
// stream of one seed, once, before anything is read, so it is the same for every epoch, number of workers and process. A
// single change alone draws what its paper's program draws with NumPy.
//
// # Fields
//
// "label" is what training sees: -1 stands for a label that was taken away, which package gan/train refuses for systems
// that do not know it. "clean" is the label of the set underneath, for evaluation; where classes overlap it is the class
// before. "probabilities" (C) are those of the classes, where a file has them.
//
// # The text
//
// A text is a list with commas, and [Options.String] gives it in one form. A matrix from a file is spelled out there, so
// that the text alone says what a run was trained on.
//
//	symmetric:RATE          noise: a share of labels is replaced by any label, the true one included
//	symmetric-others:RATE   noise: a share of labels is replaced by another one
//	asymmetric:RATE         noise: a share of some classes takes the label of the class that they are mistaken for
//	matrix:FILE             noise: rows of probabilities as JSON, [[0.9, 0.1], [0.2, 0.8]]
//	items:SHARE             a share of the items of each class, the others are left out
//	10to5, 7to3, NtoK       overlap: N classes become K that share members, N = 2K or 2K + 1
//	keep:SHARE              of the labels of each class, the others become -1
//	only:SHARE              the items whose labels keep:SHARE would keep, the others are left out
//	file:PATH               the labels in a file, see File, for those of the set; the text then has its checksum: file:PATH#0f3a9c21
//	seed:NUMBER             of all draws; 12345 as in the papers' programs
package labels
