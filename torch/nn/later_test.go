package nn_test

// later lists the classes of the kit that Forger does not have yet, as the kit writes them. A class moves from here to
// layers or losses when it is built.
var later = []string{
	// layers
	"torch.nn.GRU", "torch.nn.GRUCell", "torch.nn.LSTM", "torch.nn.LSTMCell", "torch.nn.MultiheadAttention", "torch.nn.RNN",
	"torch.nn.TransformerDecoderLayer", "torch.nn.TransformerEncoderLayer",
	// losses and formulas
	"softmax((logits + gumbel) / tau)", "cdist", "cross_entropy", "cosine_embedding_loss", "cosine_similarity",
	"ctc_loss", "hinge by hand", "relativistic average GAN", "WGAN", "gaussian_nll_loss", "hinge_embedding_loss",
	"huber_loss", "huber", "kl_div", "KL(N(mu, exp(logvar)) || N(0,1)), sum over dimensions, mean over batch",
	"margin_ranking_loss", "multi_margin_loss", "nll_loss of log_softmax", "pairwise_distance", "poisson_nll_loss",
	"smooth_l1", "soft_margin_loss", "total variation, mean of absolute differences", "triplet_margin_loss",
	"max over pairs of channels",
	"mini-batch standard deviation (group 4, biased variance + 1e-8, one extra channel)",
	"x * rsqrt(mean over channels of x^2 + 1e-8)", "scaled_dot_product_attention",
}
