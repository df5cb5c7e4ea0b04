package translation

import "github.com/forgergan/forger/torch"

// Colours shows a label map (N, H, W), int64, as pictures (N, 3, H, W) in [−1, 1]: in the colours of Cityscapes where there
// are its 35 classes, otherwise in those of PASCAL VOC, whose number k has its bits spread over the channels, the lowest
// ones first in their highest bits. Official util.py, labelcolormap. A label outside the classes is black.
func Colours(labels *torch.Tensor, classes int) *torch.Tensor {
	wantsMap("Colours", labels)
	return torch.Tidy(func() *torch.Tensor {
		table := palette(classes)
		known := labels.GeScalar(0).LogicalAnd(labels.LtScalar(classes))
		n, h, w := labels.Size(0), labels.Size(1), labels.Size(2)
		index := labels.AddScalar(1).MaskedFill(known.LogicalNot(), 0).Flatten()
		colours := torch.FromSlice(table, classes+1, 3).ToDevice(labels.Device())
		return colours.IndexSelect(0, index).View(n, h, w, 3).Permute(0, 3, 1, 2)
	})
}

// palette is black, then the colours of the classes.
func palette(classes int) []float32 {
	table := []float32{-1, -1, -1}
	add := func(c [3]uint8) {
		for _, v := range c {
			table = append(table, float32(v)/127.5-1)
		}
	}
	for k := range classes {
		if classes == len(cityscapes) {
			add(cityscapes[k])
			continue
		}
		var c [3]uint8
		for bit := 0; bit < 24; bit++ {
			c[bit%3] |= uint8(k >> bit & 1 << (7 - bit/3))
		}
		add(c)
	}
	return table
}

// cityscapes are the colours of the labels 0 … 33, by the data set's own table, and of licence plates.
var cityscapes = [35][3]uint8{
	{}, {}, {}, {}, {}, {111, 74, 0}, {81, 0, 81},
	{128, 64, 128}, {244, 35, 232}, {250, 170, 160}, {230, 150, 140},
	{70, 70, 70}, {102, 102, 156}, {190, 153, 153}, {180, 165, 180}, {150, 100, 100}, {150, 120, 90},
	{153, 153, 153}, {153, 153, 153}, {250, 170, 30}, {220, 220, 0},
	{107, 142, 35}, {152, 251, 152}, {70, 130, 180},
	{220, 20, 60}, {255, 0, 0},
	{0, 0, 142}, {0, 0, 70}, {0, 60, 100}, {0, 0, 90}, {0, 0, 110}, {0, 80, 100}, {0, 0, 230}, {119, 11, 32}, {0, 0, 142},
}
