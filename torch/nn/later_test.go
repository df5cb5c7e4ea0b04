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
	"torch.nn.GRU", "torch.nn.GRUCell", "torch.nn.GroupNorm", "torch.nn.Hardshrink", "torch.nn.Hardtanh",
	"torch.nn.InstanceNorm1d", "torch.nn.InstanceNorm2d", "torch.nn.InstanceNorm3d", "torch.nn.LPPool2d",
	"torch.nn.LSTM", "torch.nn.LSTMCell", "torch.nn.LayerNorm", "torch.nn.LocalResponseNorm",
	"torch.nn.LogSigmoid", "torch.nn.LogSoftmax", "torch.nn.MaxPool1d", "torch.nn.MaxPool3d", "torch.nn.Mish",
	"torch.nn.MultiheadAttention", "torch.nn.PReLU", "torch.nn.PixelShuffle", "torch.nn.PixelUnshuffle",
	"torch.nn.RMSNorm", "torch.nn.RNN", "torch.nn.RReLU", "torch.nn.ReflectionPad1d", "torch.nn.ReflectionPad2d",
	"torch.nn.ReflectionPad3d", "torch.nn.ReplicationPad1d", "torch.nn.ReplicationPad3d", "torch.nn.SELU",
	"torch.nn.SiLU", "torch.nn.Softmax", "torch.nn.Softmin", "torch.nn.Softplus", "torch.nn.Softshrink",
	"torch.nn.Softsign", "torch.nn.Threshold", "torch.nn.TransformerDecoderLayer",
	"torch.nn.TransformerEncoderLayer", "torch.nn.Upsample", "torch.nn.ZeroPad2d",
	// functions and parametrisations
	"torch.nn.functional.affine_grid", "torch.nn.functional.grid_sample", "torch.nn.functional.interpolate",
	"torch.nn.functional.normalize", "torch.nn.utils.parametrizations.spectral_norm",
	"torch.nn.utils.spectral_norm", "weight_norm (new)", "weight_norm (old)",
	// losses and formulas
	"softmax((logits + gumbel) / tau)", "cdist", "cross_entropy", "cosine_embedding_loss", "cosine_similarity",
	"ctc_loss", "hinge by hand", "relativistic average GAN", "WGAN", "gaussian_nll_loss", "hinge_embedding_loss",
	"huber_loss", "huber", "kl_div", "KL(N(mu, exp(logvar)) || N(0,1)), sum over dimensions, mean over batch",
	"margin_ranking_loss", "multi_margin_loss", "nll_loss of log_softmax", "pairwise_distance", "poisson_nll_loss",
	"smooth_l1", "soft_margin_loss", "total variation, mean of absolute differences", "triplet_margin_loss",
	"max over pairs of channels", "max_pool2d with indices, then max_unpool2d",
	"mini-batch standard deviation (group 4, biased variance + 1e-8, one extra channel)",
	"x * rsqrt(mean over channels of x^2 + 1e-8)", "scaled_dot_product_attention",
}
