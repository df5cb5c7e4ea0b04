"""Makes golden.safetensors: two steps of each stage of the TensorFlow program of StackGAN, in float64, from their definitions.

    python zoo/stackgan/testdata/golden.py

The official program runs in TensorFlow 0.12 alone. This one follows its tables: operations are written out as functions of
numbered weights, which like all inputs are sines (package internal/zootest), so that the file holds results only: losses, some
pixels, and of each gradient its product with a sine.
"""

import math
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_default_dtype(torch.float64)

TEXT, COND, LATENT, BATCH, GF, DF = 6, 4, 3, 4, 4, 2
golden = {}


def wave(amplitude, rate, phase, *shape):
    return (amplitude * torch.sin(rate * torch.arange(math.prod(shape)) + phase)).reshape(shape)


class Net:
    """Weights in the order of a state dictionary, made as zootest.Fill makes them."""

    def __init__(self, layers, first=0):
        self.p, self.n = {}, first
        for name, kind, *shape in layers:
            if kind == "conv":
                self.add(name + ".weight", *shape)
            elif kind == "linear":
                self.add(name + ".weight", *shape)
                self.add(name + ".bias", shape[0])
            else:
                self.add(name + ".weight", shape[0])
                self.add(name + ".bias", shape[0])
                self.n += 3  # running mean and variance, number of batches

    def add(self, name, *shape):
        size = math.prod(shape)
        s = torch.sin(0.37 * torch.arange(size) + 1.3 * self.n)
        v = s * math.sqrt(2 * shape[0] / size) if len(shape) > 1 else 0.5 + 0.1 * s
        self.p[name] = v.reshape(shape).clone().requires_grad_()
        self.n += 1

    def conv(self, name, x, stride=1, same=True):
        w = self.p[name + ".weight"]
        k = w.shape[-1]
        if same:  # TensorFlow's rule
            pads = []
            for size in (x.shape[3], x.shape[2]):
                total = max((math.ceil(size / stride) - 1) * stride + k - size, 0)
                pads += [total // 2, total - total // 2]
            x = F.pad(x, pads)
        return F.conv2d(x, w, stride=stride)

    def linear(self, name, x):
        return x @ self.p[name + ".weight"].t() + self.p[name + ".bias"]

    def norm(self, name, x):
        dims = [0] + list(range(2, x.dim()))
        shape = [1, -1] + [1] * (x.dim() - 2)
        mean = x.mean(dims).reshape(shape)
        var = ((x - mean) ** 2).mean(dims).reshape(shape)
        return (x - mean) / torch.sqrt(var + 1e-5) * self.p[name + ".weight"].reshape(shape) + self.p[name + ".bias"].reshape(shape)


def leaky(x):
    return torch.where(x > 0, x, 0.2 * x)


def relu(x):
    return torch.where(x > 0, x, torch.zeros_like(x))


def grow(x):
    return x[:, :, :, None, :, None].expand(-1, -1, -1, 2, -1, 2).reshape(*x.shape[:2], 2 * x.shape[2], 2 * x.shape[3])


def tile(c, like):
    return c[:, :, None, None].expand(-1, -1, *like.shape[2:])


def bottleneck_layers(name, w):
    q = w // 4
    return [(name + ".block.0", "conv", q, w, 1, 1), (name + ".block.1", "norm", q), (name + ".block.3", "conv", q, q, 3, 3),
            (name + ".block.4", "norm", q), (name + ".block.6", "conv", w, q, 3, 3), (name + ".block.7", "norm", w)]


def bottleneck(net, name, x, act):
    h = act(net.norm(name + ".block.1", net.conv(name + ".block.0", x)))
    h = act(net.norm(name + ".block.4", net.conv(name + ".block.3", h)))
    return act(x + net.norm(name + ".block.7", net.conv(name + ".block.6", h)))


def condition(net, prefix, text, eps):
    mu, log_sigma = leaky(net.linear(prefix + "ca_net.fc", text)).chunk(2, 1)
    kl = (-log_sigma + 0.5 * (-1 + torch.exp(2 * log_sigma) + mu * mu)).mean()
    return mu + torch.exp(log_sigma) * eps, kl


def g1_layers(p=""):
    return [(p + "ca_net.fc", "linear", 2 * COND, TEXT), (p + "fc.0", "linear", 128 * GF, COND + LATENT), (p + "fc.1", "norm", 128 * GF),
            *bottleneck_layers(p + "residual1", 8 * GF),
            (p + "upsample1.1", "conv", 4 * GF, 8 * GF, 3, 3), (p + "upsample1.2", "norm", 4 * GF),
            *bottleneck_layers(p + "residual2", 4 * GF),
            (p + "upsample2.1", "conv", 2 * GF, 4 * GF, 3, 3), (p + "upsample2.2", "norm", 2 * GF),
            (p + "upsample3.1", "conv", GF, 2 * GF, 3, 3), (p + "upsample3.2", "norm", GF),
            (p + "img.1", "conv", 3, GF, 3, 3)]


def g1(net, text, z, eps, p=""):
    c, kl = condition(net, p, text, eps)
    x = net.norm(p + "fc.1", net.linear(p + "fc.0", torch.cat([c, z], 1))).reshape(-1, 8 * GF, 4, 4)
    x = bottleneck(net, p + "residual1", x, relu)
    x = net.norm(p + "upsample1.2", net.conv(p + "upsample1.1", grow(x)))
    x = bottleneck(net, p + "residual2", x, relu)
    for name in "upsample2", "upsample3":
        x = relu(net.norm(p + name + ".2", net.conv(p + name + ".1", grow(x))))
    return torch.tanh(net.conv(p + "img.1", grow(x))), kl


def d_layers(encode, w):
    return [*encode, ("embed_text.0", "linear", COND, TEXT), ("get_cond_logits.outlogits.0", "conv", w, w + COND, 1, 1),
            ("get_cond_logits.outlogits.1", "norm", w), ("get_cond_logits.outlogits.3", "conv", 1, w, 4, 4)]


def d_head(net, h, text):
    t = leaky(net.linear("embed_text.0", text))
    h = leaky(net.norm("get_cond_logits.outlogits.1", net.conv("get_cond_logits.outlogits.0", torch.cat([h, tile(t, h)], 1))))
    return net.conv("get_cond_logits.outlogits.3", h, 4, same=False).reshape(-1)


def d1_layers():
    return d_layers([("encode_img.0", "conv", DF, 3, 4, 4), ("encode_img.2", "conv", 2 * DF, DF, 4, 4), ("encode_img.3", "norm", 2 * DF),
                     ("encode_img.5", "conv", 4 * DF, 2 * DF, 4, 4), ("encode_img.6", "norm", 4 * DF),
                     ("encode_img.7", "conv", 8 * DF, 4 * DF, 4, 4), ("encode_img.8", "norm", 8 * DF),
                     *bottleneck_layers("encode_img.9", 8 * DF)], 8 * DF)


def d1(net, x, text):
    x = leaky(net.conv("encode_img.0", x, 2))
    x = leaky(net.norm("encode_img.3", net.conv("encode_img.2", x, 2)))
    x = net.norm("encode_img.6", net.conv("encode_img.5", x, 2))
    x = net.norm("encode_img.8", net.conv("encode_img.7", x, 2))
    return d_head(net, bottleneck(net, "encode_img.9", x, leaky), text)


def g2_layers():
    w = 4 * GF
    return [*g1_layers("STAGE1_G."), ("ca_net.fc", "linear", 2 * COND, TEXT), ("encoder.0", "conv", GF, 3, 3, 3),
            ("encoder.2", "conv", 2 * GF, GF, 4, 4), ("encoder.3", "norm", 2 * GF), ("encoder.5", "conv", w, 2 * GF, 4, 4),
            ("encoder.6", "norm", w), ("hr_joint.0", "conv", w, w + COND, 3, 3), ("hr_joint.1", "norm", w),
            ("residual.0.block.0", "conv", w, w, 3, 3), ("residual.0.block.1", "norm", w), ("residual.0.block.3", "conv", w, w, 3, 3),
            ("residual.0.block.4", "norm", w),
            ("upsample1.1", "conv", 2 * GF, w, 3, 3), ("upsample1.2", "norm", 2 * GF),
            ("upsample2.1", "conv", GF, 2 * GF, 3, 3), ("upsample2.2", "norm", GF),
            ("upsample3.1", "conv", GF // 2, GF, 3, 3), ("upsample3.2", "norm", GF // 2), ("img.0", "conv", 3, GF // 2, 3, 3)]


def g2(net, text, z, eps, eps2):
    with torch.no_grad():
        sketch, _ = g1(net, text, z, eps, "STAGE1_G.")
    c, kl = condition(net, "", text, eps2)
    x = relu(net.conv("encoder.0", sketch))
    x = relu(net.norm("encoder.3", net.conv("encoder.2", x, 2)))
    x = relu(net.norm("encoder.6", net.conv("encoder.5", x, 2)))
    x = relu(net.norm("hr_joint.1", net.conv("hr_joint.0", torch.cat([x, tile(c, x)], 1))))
    h = relu(net.norm("residual.0.block.1", net.conv("residual.0.block.0", x)))
    x = relu(x + net.norm("residual.0.block.4", net.conv("residual.0.block.3", h)))
    for name in "upsample1", "upsample2", "upsample3":
        x = relu(net.norm(name + ".2", net.conv(name + ".1", grow(x))))
    return torch.tanh(net.conv("img.0", x)), kl


def d2_layers():
    layers, w, n = [("encode_img.0", "conv", DF, 3, 4, 4)], DF, 2
    for _ in range(4):
        layers += [(f"encode_img.{n}", "conv", 2 * w, w, 4, 4), (f"encode_img.{n + 1}", "norm", 2 * w)]
        w, n = 2 * w, n + 3
    layers += [(f"encode_img.{n}", "conv", w // 2, w, 1, 1), (f"encode_img.{n + 1}", "norm", w // 2), *bottleneck_layers(f"encode_img.{n + 2}", w // 2)]
    return d_layers(layers, w // 2)


def d2(net, x, text):
    x = leaky(net.conv("encode_img.0", x, 2))
    for n in 2, 5, 8, 11:
        x = leaky(net.norm(f"encode_img.{n + 1}", net.conv(f"encode_img.{n}", x, 2)))
    x = net.norm("encode_img.15", net.conv("encode_img.14", x))
    return d_head(net, bottleneck(net, "encode_img.16", x, leaky), text)


def bce(logits, label):
    return (torch.log1p(torch.exp(-logits.abs())) + torch.clamp(logits, min=0) - logits * label).mean()


def steps(stage, size, g_net, d_net, generate, judge):
    x, wrong = wave(0.9, 0.011, 0.3, BATCH, 3, size, size), wave(0.8, 0.017, 0.9, BATCH, 3, size, size)
    text = wave(1.5, 0.7, 0.2, BATCH, TEXT)
    adam = {"lr": 1e-3, "betas": (0.5, 0.999), "eps": 1e-8}
    learnt = [v for k, v in g_net.p.items() if not k.startswith("STAGE1_G.")]
    opt_d, opt_g = torch.optim.Adam(d_net.p.values(), **adam), torch.optim.Adam(learnt, **adam)

    def draw(phase):
        return [wave(1, 0.9, phase, BATCH, LATENT)] + [wave(1.2, 0.5, phase + k + 1, BATCH, COND) for k in range(stage)]

    def digest(kind, net):
        for name, v in net.p.items():
            if v.grad is not None:
                golden[f"stage{stage}.grad.{kind}.{name}"] = (v.grad * wave(1, 0.3, 0.1, *v.shape)).sum()

    for step in range(2):
        def keep(name, v):
            golden[f"stage{stage}.step{step}.{name}"] = v.detach()

        with torch.no_grad():
            fake, _ = generate(g_net, text, *draw(2 * step))
        keep("pixels", fake[:, :, ::8, ::8])
        opt_d.zero_grad()
        real, mismatched, made = bce(judge(d_net, x, text), 1), bce(judge(d_net, wrong, text), 0), bce(judge(d_net, fake, text), 0)
        (real + 0.5 * (mismatched + made)).backward()
        keep("D/real", real), keep("D/wrong", mismatched), keep("D/fake", made)
        if step == 0:
            digest("D", d_net)
        opt_d.step()

        opt_g.zero_grad()
        fake, kl = generate(g_net, text, *draw(2 * step + 1))
        loss = bce(judge(d_net, fake, text), 1)
        (loss + 2 * kl).backward()
        keep("G", loss), keep("G/KL", kl)
        if step == 0:
            digest("G", g_net)
        opt_g.step()


steps(1, 64, Net(g1_layers()), Net(d1_layers()), g1, d1)
steps(2, 128, Net(g2_layers()), Net(d2_layers()), g2, d2)
save_file({k: v.detach().contiguous() for k, v in golden.items()}, os.path.join(HERE, "golden.safetensors"))
