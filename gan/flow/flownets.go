package flow

import (
	"github.com/forgergan/forger/torch"
	"github.com/forgergan/forger/torch/nn"
)

// conv is a k×k convolution with leaky ReLU 0.1.
func conv(in, out, k, stride int) *nn.Sequential {
	return nn.NewSequential(nn.NewConv2d(in, out, k, nn.Conv{Stride: stride, Padding: (k - 1) / 2}), nn.LeakyReLU{Slope: 0.1})
}

// deconv doubles the sides: a 4×4 transposed convolution with leaky ReLU 0.1.
func deconv(in, out int) *nn.Sequential {
	return nn.NewSequential(nn.NewConvTranspose2d(in, out, 4, nn.Conv{Stride: 2, Padding: 1}), nn.LeakyReLU{Slope: 0.1})
}

// between is a 3×3 convolution without activation, named as if it had one.
func between(in, out int) *nn.Sequential {
	return nn.NewSequential(nn.NewConv2d(in, out, 3, nn.Conv{Padding: 1}))
}

// predict makes a flow of features.
func predict(in int) *nn.Conv2d { return nn.NewConv2d(in, 2, 3, nn.Conv{Padding: 1}) }

// finer doubles the sides of a flow.
func finer(bias bool) *nn.ConvTranspose2d {
	return nn.NewConvTranspose2d(2, 2, 4, nn.Conv{Stride: 2, Padding: 1, NoBias: !bias})
}

// trunk is the coarse half of an encoder, from an eighth of the sides to a 64th.
type trunk struct {
	Conv3_1 *nn.Sequential `nn:"conv3_1"`
	Conv4   *nn.Sequential `nn:"conv4"`
	Conv4_1 *nn.Sequential `nn:"conv4_1"`
	Conv5   *nn.Sequential `nn:"conv5"`
	Conv5_1 *nn.Sequential `nn:"conv5_1"`
	Conv6   *nn.Sequential `nn:"conv6"`
	Conv6_1 *nn.Sequential `nn:"conv6_1"`
}

func newTrunk(in int) *trunk {
	return &trunk{
		conv(in, 256, 3, 1),
		conv(256, 512, 3, 2), conv(512, 512, 3, 1),
		conv(512, 512, 3, 2), conv(512, 512, 3, 1),
		conv(512, 1024, 3, 2), conv(1024, 1024, 3, 1),
	}
}

// forward maps conv3 to the features at 1/8, 1/16, 1/32 and 1/64.
func (t *trunk) forward(x *torch.Tensor) (x3, x4, x5, x6 *torch.Tensor) {
	x3 = t.Conv3_1.Forward(x)
	x4 = t.Conv4_1.Forward(t.Conv4.Forward(x3))
	x5 = t.Conv5_1.Forward(t.Conv5.Forward(x4))
	x6 = t.Conv6_1.Forward(t.Conv6.Forward(x5))
	return x3, x4, x5, x6
}

// decoder makes a flow at a quarter of the sides, refining it from a 64th on: at each size it has the encoder's features, what
// it made of the size before, and the flow so far.
type decoder struct {
	Deconv5  *nn.Sequential      `nn:"deconv5"`
	Deconv4  *nn.Sequential      `nn:"deconv4"`
	Deconv3  *nn.Sequential      `nn:"deconv3"`
	Deconv2  *nn.Sequential      `nn:"deconv2"`
	Between5 *nn.Sequential      `nn:"inter_conv5"` // of FlowNetSD only, before each prediction
	Between4 *nn.Sequential      `nn:"inter_conv4"`
	Between3 *nn.Sequential      `nn:"inter_conv3"`
	Between2 *nn.Sequential      `nn:"inter_conv2"`
	Predict6 *nn.Conv2d          `nn:"predict_flow6"`
	Predict5 *nn.Conv2d          `nn:"predict_flow5"`
	Predict4 *nn.Conv2d          `nn:"predict_flow4"`
	Predict3 *nn.Conv2d          `nn:"predict_flow3"`
	Predict2 *nn.Conv2d          `nn:"predict_flow2"`
	Finer6   *nn.ConvTranspose2d `nn:"upsampled_flow6_to_5"`
	Finer5   *nn.ConvTranspose2d `nn:"upsampled_flow5_to_4"`
	Finer4   *nn.ConvTranspose2d `nn:"upsampled_flow4_to_3"`
	Finer3   *nn.ConvTranspose2d `nn:"upsampled_flow3_to_2"`
}

func newDecoder(bias bool) *decoder {
	return &decoder{
		Deconv5: deconv(1024, 512), Deconv4: deconv(1026, 256), Deconv3: deconv(770, 128), Deconv2: deconv(386, 64),
		Predict6: predict(1024), Predict5: predict(1026), Predict4: predict(770), Predict3: predict(386), Predict2: predict(194),
		Finer6: finer(bias), Finer5: finer(bias), Finer4: finer(bias), Finer3: finer(bias),
	}
}

// forward maps features at 1/4 to 1/64 of the sides to a flow (N, 2, H/4, W/4).
func (d *decoder) forward(x2, x3, x4, x5, x6 *torch.Tensor) *torch.Tensor {
	features, flow := x6, d.Predict6.Forward(x6)
	for _, to := range []struct {
		encoded *torch.Tensor
		deconv  *nn.Sequential
		finer   *nn.ConvTranspose2d
		between *nn.Sequential // or nil
		predict *nn.Conv2d
	}{
		{x5, d.Deconv5, d.Finer6, d.Between5, d.Predict5},
		{x4, d.Deconv4, d.Finer5, d.Between4, d.Predict4},
		{x3, d.Deconv3, d.Finer4, d.Between3, d.Predict3},
		{x2, d.Deconv2, d.Finer3, d.Between2, d.Predict2},
	} {
		features = beside(to.encoded, to.deconv.Forward(features), to.finer.Forward(flow))
		seen := features
		if to.between != nil {
			seen = to.between.Forward(features)
		}
		flow = to.predict.Forward(seen)
	}
	return flow
}

// flowNetC encodes each picture, and goes on with how their features correlate. Dosovitskiy et al. 2015, §3.
type flowNetC struct {
	Conv1   *nn.Sequential `nn:"conv1"`
	Conv2   *nn.Sequential `nn:"conv2"`
	Conv3   *nn.Sequential `nn:"conv3"`
	Redir   *nn.Sequential `nn:"conv_redir"`
	Trunk   *trunk         `nn:""`
	Decoder *decoder       `nn:""`
}

func newFlowNetC() *flowNetC {
	return &flowNetC{
		conv(3, 64, 7, 2), conv(64, 128, 5, 2), conv(128, 256, 5, 2), conv(256, 32, 1, 1),
		newTrunk(441 + 32), newDecoder(true),
	}
}

func (f *flowNetC) forward(a, b *torch.Tensor) *torch.Tensor {
	a2 := f.Conv2.Forward(f.Conv1.Forward(a))
	a3 := f.Conv3.Forward(a2)
	b3 := f.Conv3.Forward(f.Conv2.Forward(f.Conv1.Forward(b)))
	alike := nn.LeakyReLU{Slope: 0.1}.Forward(Correlation(a3, b3, 20, 2))
	x3, x4, x5, x6 := f.Trunk.forward(beside(f.Redir.Forward(a3), alike))
	return f.Decoder.forward(a2, x3, x4, x5, x6)
}

// flowNetS mends a flow.
type flowNetS struct {
	Conv1   *nn.Sequential `nn:"conv1"`
	Conv2   *nn.Sequential `nn:"conv2"`
	Conv3   *nn.Sequential `nn:"conv3"`
	Trunk   *trunk         `nn:""`
	Decoder *decoder       `nn:""`
}

func newFlowNetS() *flowNetS {
	return &flowNetS{conv(12, 64, 7, 2), conv(64, 128, 5, 2), conv(128, 256, 5, 2), newTrunk(256), newDecoder(false)}
}

func (f *flowNetS) forward(x *torch.Tensor) *torch.Tensor {
	x2 := f.Conv2.Forward(f.Conv1.Forward(x))
	x3, x4, x5, x6 := f.Trunk.forward(f.Conv3.Forward(x2))
	return f.Decoder.forward(x2, x3, x4, x5, x6)
}

// flowNetSD is for small motions: smaller kernels in front, and features smoothed before each prediction. Ilg et al. 2017, §4.
type flowNetSD struct {
	Conv0   *nn.Sequential `nn:"conv0"`
	Conv1   *nn.Sequential `nn:"conv1"`
	Conv1_1 *nn.Sequential `nn:"conv1_1"`
	Conv2   *nn.Sequential `nn:"conv2"`
	Conv2_1 *nn.Sequential `nn:"conv2_1"`
	Conv3   *nn.Sequential `nn:"conv3"`
	Trunk   *trunk         `nn:""`
	Decoder *decoder       `nn:""`
}

func newFlowNetSD() *flowNetSD {
	d := newDecoder(true)
	d.Between5, d.Between4, d.Between3, d.Between2 = between(1026, 512), between(770, 256), between(386, 128), between(194, 64)
	d.Predict5, d.Predict4, d.Predict3, d.Predict2 = predict(512), predict(256), predict(128), predict(64)
	return &flowNetSD{
		conv(6, 64, 3, 1), conv(64, 64, 3, 2), conv(64, 128, 3, 1), conv(128, 128, 3, 2), conv(128, 128, 3, 1), conv(128, 256, 3, 2),
		newTrunk(256), d,
	}
}

func (f *flowNetSD) forward(x *torch.Tensor) *torch.Tensor {
	x1 := f.Conv1_1.Forward(f.Conv1.Forward(f.Conv0.Forward(x)))
	x2 := f.Conv2_1.Forward(f.Conv2.Forward(x1))
	x3, x4, x5, x6 := f.Trunk.forward(f.Conv3.Forward(x2))
	return f.Decoder.forward(x2, x3, x4, x5, x6)
}

// flowNetFusion makes one flow, in pixels, of a large and a small one.
type flowNetFusion struct {
	Conv0    *nn.Sequential      `nn:"conv0"`
	Conv1    *nn.Sequential      `nn:"conv1"`
	Conv1_1  *nn.Sequential      `nn:"conv1_1"`
	Conv2    *nn.Sequential      `nn:"conv2"`
	Conv2_1  *nn.Sequential      `nn:"conv2_1"`
	Deconv1  *nn.Sequential      `nn:"deconv1"`
	Deconv0  *nn.Sequential      `nn:"deconv0"`
	Between1 *nn.Sequential      `nn:"inter_conv1"`
	Between0 *nn.Sequential      `nn:"inter_conv0"`
	Predict2 *nn.Conv2d          `nn:"predict_flow2"`
	Predict1 *nn.Conv2d          `nn:"predict_flow1"`
	Predict0 *nn.Conv2d          `nn:"predict_flow0"`
	Finer2   *nn.ConvTranspose2d `nn:"upsampled_flow2_to_1"`
	Finer1   *nn.ConvTranspose2d `nn:"upsampled_flow1_to_0"`
}

func newFlowNetFusion() *flowNetFusion {
	return &flowNetFusion{
		Conv0: conv(11, 64, 3, 1),
		Conv1: conv(64, 64, 3, 2), Conv1_1: conv(64, 128, 3, 1),
		Conv2: conv(128, 128, 3, 2), Conv2_1: conv(128, 128, 3, 1),
		Deconv1: deconv(128, 32), Deconv0: deconv(162, 16),
		Between1: between(162, 32), Between0: between(82, 16),
		Predict2: predict(128), Predict1: predict(32), Predict0: predict(16),
		Finer2: finer(true), Finer1: finer(true),
	}
}

func (f *flowNetFusion) forward(x *torch.Tensor) *torch.Tensor {
	x0 := f.Conv0.Forward(x)
	x1 := f.Conv1_1.Forward(f.Conv1.Forward(x0))
	x2 := f.Conv2_1.Forward(f.Conv2.Forward(x1))
	flow := f.Predict2.Forward(x2)
	y1 := beside(x1, f.Deconv1.Forward(x2), f.Finer2.Forward(flow))
	flow = f.Predict1.Forward(f.Between1.Forward(y1))
	y0 := beside(x0, f.Deconv0.Forward(y1), f.Finer1.Forward(flow))
	return f.Predict0.Forward(f.Between0.Forward(y0))
}
