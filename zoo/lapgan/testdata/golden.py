"""Makes golden.safetensors: three steps of a base level of 8 pixels and a finer one of 16, in float64 from their definitions.

    python zoo/lapgan/testdata/golden.py

Pyramid, networks, order of a step and SGD with dampening are written out here after the official program for Torch7. Dropout is
left out, and momentum grows after the second step, as if that were the end of an epoch. It was written with Forger's program: it guards
against slips, not against a common misreading.
"""

import os

import torch
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
torch.manual_seed(5)
torch.set_default_dtype(torch.float64)
golden = {}


def shrink(x):
    """Means over 2x2 pixels."""
    return (x[..., ::2, ::2] + x[..., 1::2, ::2] + x[..., ::2, 1::2] + x[..., 1::2, 1::2]) / 4


def enlarge(x):
    for dim in (2, 3):
        n = x.shape[dim]
        rows = []
        for i in range(2 * n):
            at = i * (n - 1) / (2 * n - 1)
            k = min(int(at), n - 2)
            rows.append(x.select(dim, k) * (1 - (at - k)) + x.select(dim, k + 1) * (at - k))
        x = torch.stack(rows, dim)
    return x


class Net:
    def __init__(self, name, shapes):
        self.name, self.w, self.v = name, {}, None
        for key, shape in shapes.items():
            weight = torch.randn(shape) * 0.2
            golden[f"{name}.{key}"] = weight.clone()
            self.w[key] = weight.requires_grad_()

    def sgd(self, loss, lr, momentum):
        """optim.sgd of Torch7: dampening is the momentum, and the first velocity with a momentum is the gradient."""
        grads = torch.autograd.grad(loss, list(self.w.values()))
        if momentum > 0:
            if self.v is None:
                self.v = [g.clone() for g in grads]
            else:
                self.v = [momentum * v + (1 - momentum) * g for v, g in zip(self.v, grads)]
            grads = self.v
        with torch.no_grad():
            for w, g in zip(self.w.values(), grads):
                w -= lr * g


def linear(net, name, x):
    return x @ net.w[name + ".weight"].t() + net.w[name + ".bias"]


def conv(net, name, x, stride=1, pad=0):
    return torch.nn.functional.conv2d(x, net.w[name + ".weight"], net.w[name + ".bias"], stride=stride, padding=pad)


def base_g(net, z, _):
    h = torch.sigmoid(linear(net, "fc2", torch.relu(linear(net, "fc1", z))))
    return linear(net, "fc3", h).reshape(-1, 1, 8, 8)


def base_d(net, x, _):
    h = torch.relu(linear(net, "fc2", torch.relu(linear(net, "fc1", x.flatten(1)))))
    return torch.sigmoid(linear(net, "fc3", h)).flatten()


def fine_g(net, noise, up):
    h = torch.relu(conv(net, "conv1", torch.cat([noise, up], 1), pad=3))
    h = torch.relu(conv(net, "conv2", h, pad=3))
    return conv(net, "conv3", h, pad=2)


def fine_d(net, detail, up):
    h = torch.relu(conv(net, "conv1", detail + up))
    h = torch.relu(conv(net, "conv2", h, stride=2))
    return torch.sigmoid(linear(net, "fc", h.flatten(1))).flatten()


def bce(p, target):
    return -(torch.log(p) if target else torch.log(1 - p)).mean()


def layers(**shapes):
    out = {}
    for name, shape in shapes.items():
        out[name + ".weight"], out[name + ".bias"] = shape, shape[:1]
    return out


H, N, LATENT, B, LR, MOMENTUM = 6, 2, 5, 4, 0.02, [0.0, 0.5]
levels = [
    (Net("G0", layers(fc1=(H, LATENT), fc2=(H, H), fc3=(64, H))), base_g, Net("D0", layers(fc1=(H, 64), fc2=(H, H), fc3=(1, H))), base_d),
    (Net("G1", layers(conv1=(N, 2, 7, 7), conv2=(N, N, 7, 7), conv3=(1, N, 5, 5))), fine_g,
     Net("D1", layers(conv1=(N, 1, 5, 5), conv2=(N, N, 5, 5), fc=(1, N * 16))), fine_d),
]


def split(x, level):
    if level == 0:
        return shrink(x), None
    up = enlarge(shrink(x))
    return x - up, up


def part(x, rows):
    return None if x is None else x[rows]


for step in range(3):
    batches = [torch.rand(B, 1, 16, 16) * 2 - 1 for _ in range(2)]
    golden[f"{step}.images"], golden[f"{step}.more"] = batches
    for k, (g_net, g, d_net, d) in enumerate(levels):
        shape = (LATENT,) if k == 0 else (1, 16, 16)
        momentum = MOMENTUM[k] + (0.0008 if step == 2 else 0)
        detail, up = split(batches[0], k)
        noise = torch.rand(B // 2, *shape) * 2 - 1
        golden[f"{step}.noise.D{k}"] = noise
        real, other = slice(0, B // 2), slice(B // 2, B)
        fake = g(g_net, noise, part(up, other)).detach()
        p = d(d_net, torch.cat([detail[real], fake]), up)
        loss_real, loss_fake = bce(p[real], 1), bce(p[other], 0)
        golden[f"{step}.D{k}/real"], golden[f"{step}.D{k}/fake"] = loss_real.detach(), loss_fake.detach()
        d_net.sgd((loss_real + loss_fake) / 2, LR, momentum)

        _, up = split(batches[1], k)
        noise = torch.rand(B, *shape) * 2 - 1
        golden[f"{step}.noise.G{k}"] = noise
        loss = bce(d(d_net, g(g_net, noise, up), up), 1)
        golden[f"{step}.G{k}"] = loss.detach()
        g_net.sgd(loss, LR, momentum)

for g_net, _, d_net, _ in levels:
    for net in (g_net, d_net):
        for name, w in net.w.items():
            golden[f"after.{net.name}.{name}"] = w.detach().clone()

save_file({k: v.contiguous() for k, v in golden.items()}, os.path.join(HERE, "golden.safetensors"))
