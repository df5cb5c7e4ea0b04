package nn_test

// later lists the classes of the kit that Forger does not have yet, as the kit writes them. A class moves from here to
// layers or losses when it is built.
var later = []string{
	// layers
	"torch.nn.AdaptiveAvgPool2d", "torch.nn.AdaptiveAvgPool3d", "torch.nn.AlphaDropout", "torch.nn.AvgPool1d",
	"torch.nn.AvgPool2d", "torch.nn.BatchNorm1d", "torch.nn.BatchNorm3d", "torch.nn.Bilinear",
	"torch.nn.ChannelShuffle", "torch.nn.CircularPad2d", "torch.nn.ConstantPad2d", "torch.nn.Conv1d",
	"torch.nn.Conv3d", "torch.nn.ConvTranspose1d", "torch.nn.ConvTranspose3d", "torch.nn.Dropout", "torch.nn.ELU",
	"torch.nn.Embedding", "torch.nn.FeatureAlphaDropout", "torch.nn.Fold", "torch.nn.GELU", "torch.nn.GLU",
	"torch.nn.GroupNorm", "torch.nn.Hardshrink", "torch.nn.Hardtanh",
	"torch.nn.InstanceNorm1d", "torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d", "torch.nn.LPPool2d",
	"torch.nn.LayerNorm", "torch.nn.LocalResponseNorm",
	"torch.nn.LogSigmoid", "torch.nn.LogSoftmax", "torch.nn.MaxPool1d", "torch.nn.MaxPool3d", "torch.nn.Mish",
	"torch.nn.PReLU", "torch.nn.PixelShuffle", "torch.nn.PixelUnshuffle",
	"torch.nn.RMSNorm", "torch.nn.RReLU", "torch.nn.ReflectionPad1d", "torch.nn.ReflectionPad2d",
	"torch.nn.ReflectionPad3d", "torch.nn.ReplicationPad1d", "torch.nn.ReplicationPad3d", "torch.nn.SELU",
	"torch.nn.SiLU", "torch.nn.Softmax", "torch.nn.Softmin", "torch.nn.Softplus", "torch.nn.Softshrink",
	"torch.nn.Softsign", "torch.nn.Threshold",
	"torch.nn.Upsample", "torch.nn.ZeroPad2d",
	// functions and parametrisations
	"torch.nn.functional.affine_grid", "torch.nn.functional.grid_sample", "torch.nn.functional.interpolate",
	"torch.nn.functional.normalize", "torch.nn.utils.parametrizations.spectral_norm",
	"torch.nn.utils.spectral_norm", "weight_norm (new)", "weight_norm (old)",
}
