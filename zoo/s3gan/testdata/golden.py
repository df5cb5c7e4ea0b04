"""Makes golden.safetensors: blocks, networks and one step of S3GAN-CO, computed in float64 from their definitions.

    python zoo/s3gan/testdata/golden.py

There is no official PyTorch program. This one follows google/compare_gan in TensorFlow's layouts: pictures (N, H, W, C), kernels
(height, width, in, out) and (in, out), written out as sums over shifts and matrices. Only the file has PyTorch's layouts.
"""

import os

import torch
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(7)
torch.set_default_dtype(torch.float64)

golden = {}


class Variables:
    """Named variables in TensorFlow's layouts, drawn at first use, with spectral norms that remember u."""

    def __init__(self, prefix):
        self.prefix, self.values, self.u = prefix, {}, {}

    def get(self, name, *shape):
        if name not in self.values:
            v = torch.randn(*shape) * 0.5
            golden[self.prefix + name] = to_pytorch(name, v)
            self.values[name] = v.requires_grad_()
        return self.values[name]

    def normed(self, name, *shape):
        w = self.get(name + ".weight", *shape)
        matrix = w.reshape(-1, shape[-1])
        rows, cols = matrix.shape
        left = rows <= cols
        if name not in self.u:
            self.u[name] = torch.randn(rows if left else cols)
            golden[self.prefix + name + ".u_var"] = self.u_to_pytorch(name, left, shape)
        m = matrix if left else matrix.t()
        unit = lambda x: x / torch.sqrt(torch.clamp((x * x).sum(), min=1e-12))
        with torch.no_grad():
            v = unit(m.t() @ self.u[name])
            u = self.u[name] = unit(m @ v)
        golden["after." + self.prefix + name + ".u_var"] = self.u_to_pytorch(name, left, shape)
        return w / (u @ m @ v)

    def u_to_pytorch(self, name, left, shape):
        u = self.u[name]
        if left and len(shape) == 4:
            u = u.reshape(shape[:3]).permute(2, 0, 1)
        elif not left and name == "fc_noise":
            u = u.reshape(4, 4, -1).permute(2, 0, 1)
        return u.reshape(1, -1).clone()

    def gradients(self, loss, to):
        grads = torch.autograd.grad(loss, list(self.values.values()), retain_graph=True, allow_unused=True)
        for name, g in zip(self.values, grads):
            if g is not None:
                golden[to + name] = to_pytorch(name, g)


def to_pytorch(name, v):
    v = v.detach().clone()
    if name.startswith("fc_noise"):
        v = v.reshape(-1, 4, 4, v.shape[-1] // 16).permute(0, 3, 1, 2).reshape(v.shape)
    if v.dim() == 4:
        v = v.permute(3, 2, 0, 1)
    elif v.dim() == 2:
        v = v.t()
    return v.contiguous()


def to_nchw(x):
    return x.detach().permute(0, 3, 1, 2).contiguous()


def conv(vs, name, x, out, k):
    w = vs.normed(name, k, k, x.shape[-1], out)
    n, height, width, _ = x.shape
    padded = torch.zeros(n, height + k - 1, width + k - 1, x.shape[-1])
    padded[:, k // 2:k // 2 + height, k // 2:k // 2 + width] = x
    y = sum(padded[:, i:i + height, j:j + width] @ w[i, j] for i in range(k) for j in range(k))
    return y + vs.get(name + ".bias", out)


def linear(vs, name, x, out, bias=True):
    y = x @ vs.normed(name, x.shape[-1], out)
    return y + vs.get(name + ".bias", out) if bias else y


def normalise(x):
    mean = x.mean((0, 1, 2))
    return (x - mean) / torch.sqrt(((x - mean) ** 2).mean((0, 1, 2)) + 1e-5)


def conditional_norm(vs, name, x, c):
    gamma, beta = (linear(vs, name + part, c, x.shape[-1], False) for part in (".gamma", ".beta"))
    return normalise(x) * gamma[:, None, None] + beta[:, None, None]


def unpool(x):
    n, h, w, c = x.shape
    y = torch.zeros(n, 2 * h, 2 * w, c)
    y[:, ::2, ::2] = x
    return y


def pool(x):
    return (x[:, ::2, ::2] + x[:, 1::2, ::2] + x[:, ::2, 1::2] + x[:, 1::2, 1::2]) / 4


def g_block(vs, name, x, c, out):
    h = conv(vs, name + "up_conv1", unpool(conditional_norm(vs, name + "bn1", x, c).relu()), out, 3)
    h = conv(vs, name + "same_conv2", conditional_norm(vs, name + "bn2", h, c).relu(), out, 3)
    return h + conv(vs, name + "up_conv_shortcut", unpool(x), out, 1)


def d_block(vs, name, x, out, down):
    half = pool if down else lambda x: x
    h = half(conv(vs, name + "conv2", conv(vs, name + "same_conv1", x.relu(), out, 3).relu(), out, 3))
    if x.shape[-1] == out:
        return h
    return h + half(conv(vs, name + "conv_shortcut", x, out, 1))


def generator(vs, z, y, width, channels):
    y = y @ vs.get("embed_y.weight", y.shape[1], 128)
    z = z.chunk(4, 1)
    x = linear(vs, "fc_noise", z[0], 16 * 4 * width).reshape(-1, 4, 4, 4 * width)
    for i in range(3):
        x = g_block(vs, f"blocks.{i}.", x, torch.cat([z[i + 1], y], 1), 4 * width)
    x = (normalise(x) * vs.get("final_norm.gamma", 4 * width) + vs.get("final_norm.beta", 4 * width)).relu()
    return (torch.tanh(conv(vs, "final_conv", x, channels, 3)) + 1) / 2


def discriminator(vs, x, y, width):
    for i in range(4):
        x = d_block(vs, f"blocks.{i}.", x, 2 * width, i < 3)
    h = x.relu().sum((1, 2))
    score = linear(vs, "final_fc", h, 1)
    turns = linear(vs, "rotation", h, 4)
    classes = linear(vs, "predictor", h, y.shape[1])
    known = (y.sum(1, keepdim=True) > 0.5).double()
    predicted = torch.eye(y.shape[1])[classes.argmax(1)]
    y = ((1 - known) * predicted + known * y).detach()
    return score + ((y @ vs.normed("projection", y.shape[1], h.shape[1])) * h).sum(1, keepdim=True), turns, classes


def turned(x):
    transposed = x.transpose(1, 2)
    return torch.cat([transposed.flip(1), x.flip(1).flip(2), x.flip(1).transpose(1, 2)])


def with_turns(x, y, n):
    return torch.cat([x, turned(x[-n:])]), torch.cat([y] + 3 * [y[-n:]])


def turn_loss(logits, n):
    p = torch.softmax(logits[-4 * n:], 1)[torch.arange(4 * n), torch.arange(4).repeat_interleave(n)]
    return -(p + 1e-10).log().mean()


def blocks():
    vs, x, c = Variables("gblock."), torch.randn(3, 4, 4, 3, requires_grad=True), torch.randn(3, 5)
    y = g_block(vs, "", x, c, 2)
    proj = torch.randn_like(y)
    golden.update({"gblock_x": to_nchw(x), "gblock_c": c, "gblock_out": to_nchw(y), "gblock_proj": to_nchw(proj)})
    vs.gradients((y * proj).sum(), "grad.gblock.")
    golden["grad.gblock_x"] = to_nchw(torch.autograd.grad((y * proj).sum(), x)[0])
    for name, out, down in ("dblock", 3, True), ("lastblock", 2, False):
        vs, x = Variables(name + "."), torch.randn(2, 4, 4, 2, requires_grad=True)
        y = d_block(vs, "", x, out, down)
        proj = torch.randn_like(y)
        golden.update({name + "_x": to_nchw(x), name + "_out": to_nchw(y), name + "_proj": to_nchw(proj)})
        vs.gradients((y * proj).sum(), f"grad.{name}.")
        golden[f"grad.{name}_x"] = to_nchw(torch.autograd.grad((y * proj).sum(), x)[0])


def step():
    """The losses of D and of G from one set of weights, without an update between them, and their gradients."""
    n, k, width, classes = 8, 2, 1, 3
    g, d = Variables("G."), Variables("D.")
    real, z = torch.rand(n, 32, 32, 1), torch.randn(n, 8)
    labels, wanted = torch.tensor([0, -1, 2, -1, 1, -1, 2, -1]), torch.tensor([2, 1, 0, 0, 1, 2, 2, 1])
    y = torch.zeros(n, classes)
    for i, label in enumerate(labels.tolist()):
        if label >= 0:
            y[i, label] = 1
    w = torch.eye(classes)[wanted]
    golden.update({"image": to_nchw(2 * real - 1), "label": labels, "z": z, "wanted": wanted})

    fake = generator(g, z, w, width, 1)
    golden["fake"] = to_nchw(fake)
    pictures, both = zip(with_turns(real, y, k), with_turns(fake.detach(), w, k))
    score, turns, logits = discriminator(d, torch.cat(pictures), torch.cat(both), width)
    half = n + 3 * k
    hinge = (1 - score[:n]).relu().mean() + (1 + score[half:half + n]).relu().mean()
    known = labels >= 0
    cross = -torch.log_softmax(logits[:n][known], 1)[torch.arange(int(known.sum())), labels[known]].mean()
    golden.update({"D": hinge.detach(), "D/turns": turn_loss(turns[:half], k).detach(), "D/classes": cross.detach()})
    d.gradients(hinge + turn_loss(turns[:half], k) + cross, "grad.D.")

    score, turns, _ = discriminator(d, *with_turns(generator(g, z, w, width, 1), w, k), width)
    golden.update({"G": -score[:n].mean().detach(), "G/turns": turn_loss(turns, k).detach()})
    g.gradients(-score[:n].mean() + 0.2 * turn_loss(turns, k), "grad.G.")


blocks()
step()
save_file({k: v.detach().contiguous() for k, v in golden.items()}, os.path.join(HERE, "golden.safetensors"))
