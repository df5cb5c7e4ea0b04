"""Makes golden.safetensors: FlowNet2 and its operators, computed from their definitions.

    python gan/flow/testdata/golden.py

Weights of FlowNet2 take 650 MB, so the pictures and, tensor by tensor in the order of the state dictionary, the weights are
drawn after a seed, and whoever reads the numbers draws them again. Layers are written out here by
their names, shapes and formulas, independent of the Go code.
"""

import math
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

HERE = os.path.dirname(os.path.abspath(__file__))
golden = {}


def resample(image, flow):
    """Resample2d: four whole neighbours, each clamped to the border."""
    n, c, h, w = image.shape
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    fx, fy = x + flow[:, 0], y + flow[:, 1]
    a, b = (fx - fx.floor()).unsqueeze(1), (fy - fy.floor()).unsqueeze(1)
    left, right = fx.floor().long().clamp(0, w - 1), (fx.floor().long() + 1).clamp(0, w - 1)
    top, bottom = fy.floor().long().clamp(0, h - 1), (fy.floor().long() + 1).clamp(0, h - 1)
    batch = torch.arange(n).view(n, 1, 1)
    at = lambda row, column: image[batch, :, row, column].permute(0, 3, 1, 2)
    return (1 - a) * (1 - b) * at(top, left) + a * (1 - b) * at(top, right) + (1 - a) * b * at(bottom, left) + a * b * at(bottom, right)


def correlation(a, b, reach, stride):
    """Out of range is zero; written as sums over the pixels that both have."""
    n, c, h, w = a.shape
    shifts = range(-(reach // stride) * stride, reach + 1, stride)
    out = torch.zeros(n, len(shifts) ** 2, h, w, dtype=a.dtype)
    for i, dy in enumerate(shifts):
        for j, dx in enumerate(shifts):
            for y in range(max(0, -dy), min(h, h - dy)):
                for x in range(max(0, -dx), min(w, w - dx)):
                    out[:, i * len(shifts) + j, y, x] = (a[:, :, y, x] * b[:, :, y + dy, x + dx]).sum(1) / c
    return out


# the layers of each network as (name, kind, in, out, kernel, stride), in the order of registration
def conv(name, i, o, k=3, s=1):
    return (name + ".0", "conv", i, o, k, s)


def deconv(name, i, o):
    return (name + ".0", "deconv", i, o, 4, 2)


def tail():
    return [conv("conv4", 256, 512, s=2), conv("conv4_1", 512, 512), conv("conv5", 512, 512, s=2), conv("conv5_1", 512, 512),
            conv("conv6", 512, 1024, s=2), conv("conv6_1", 1024, 1024),
            deconv("deconv5", 1024, 512), deconv("deconv4", 1026, 256), deconv("deconv3", 770, 128), deconv("deconv2", 386, 64)]


def heads(widths, bias):
    flows = [("predict_flow%d" % (6 - i), "conv", w, 2, 3, 1) for i, w in enumerate(widths)]
    return flows + [("upsampled_flow%d_to_%d" % (i, i - 1), "deconv" if bias else "deconv without bias", 2, 2, 4, 2) for i in (6, 5, 4, 3)]


WIDE = (1024, 1026, 770, 386, 194)
C = [conv("conv1", 3, 64, 7, 2), conv("conv2", 64, 128, 5, 2), conv("conv3", 128, 256, 5, 2), conv("conv_redir", 256, 32, 1),
     conv("conv3_1", 473, 256)] + tail() + heads(WIDE, True)
S = [conv("conv1", 12, 64, 7, 2), conv("conv2", 64, 128, 5, 2), conv("conv3", 128, 256, 5, 2), conv("conv3_1", 256, 256)] + tail() + heads(WIDE, False)
SD = [conv("conv0", 6, 64), conv("conv1", 64, 64, s=2), conv("conv1_1", 64, 128), conv("conv2", 128, 128, s=2), conv("conv2_1", 128, 128),
      conv("conv3", 128, 256, s=2), conv("conv3_1", 256, 256)] + tail() + [
      conv("inter_conv5", 1026, 512), conv("inter_conv4", 770, 256), conv("inter_conv3", 386, 128), conv("inter_conv2", 194, 64)
      ] + heads((1024, 512, 256, 128, 64), True)
FUSION = [conv("conv0", 11, 64), conv("conv1", 64, 64, s=2), conv("conv1_1", 64, 128), conv("conv2", 128, 128, s=2), conv("conv2_1", 128, 128),
          deconv("deconv1", 128, 32), deconv("deconv0", 162, 16), conv("inter_conv1", 162, 32), conv("inter_conv0", 82, 16),
          ("predict_flow2", "conv", 128, 2, 3, 1), ("predict_flow1", "conv", 32, 2, 3, 1), ("predict_flow0", "conv", 16, 2, 3, 1),
          ("upsampled_flow2_to_1", "deconv", 2, 2, 4, 2), ("upsampled_flow1_to_0", "deconv", 2, 2, 4, 2)]


class Network:
    def __init__(self, layers):
        self.strides, self.weights = {}, {}
        for name, kind, i, o, k, s in layers:
            self.strides[name] = s
            shape = (o, i, k, k) if kind == "conv" else (i, o, k, k)
            self.weights[name + ".weight"] = self.draw(name, shape)
            if kind != "deconv without bias":
                self.weights[name + ".bias"] = torch.empty(o).uniform_(-0.1, 0.1)

    @staticmethod
    def draw(name, shape):
        """uniform, of a variance that keeps signals as they are; flows are made smaller"""
        bound = math.sqrt(6 / (shape[1] * shape[2] * shape[3]))
        return torch.empty(shape).uniform_(-bound, bound) * (0.125 if name.startswith("predict") else 1)

    def plain(self, name, x):
        w, b, s = self.weights[name + ".weight"], self.weights.get(name + ".bias"), self.strides[name]
        if "deconv" in name or "upsampled" in name:
            return F.conv_transpose2d(x, w, b, stride=2, padding=1)
        return F.conv2d(x, w, b, stride=s, padding=(w.shape[2] - 1) // 2)

    def __call__(self, name, x):
        return F.leaky_relu(self.plain(name + ".0", x), 0.1)

    def numbers(self):
        return sum(w.numel() for w in self.weights.values())

    def refine(self, x2, x3, between):
        x4 = self("conv4_1", self("conv4", x3))
        x5 = self("conv5_1", self("conv5", x4))
        x6 = self("conv6_1", self("conv6", x5))
        state, flow = x6, self.plain("predict_flow6", x6)
        for level, skip in ((5, x5), (4, x4), (3, x3), (2, x2)):
            up = self.plain("upsampled_flow%d_to_%d" % (level + 1, level), flow)
            state = torch.cat([skip, self("deconv%d" % level, state), up], 1)
            flow = self.plain("predict_flow%d" % level, self.plain("inter_conv%d.0" % level, state) if between else state)
        return flow


def flownet2(im1, im2):
    c, s1, s2, sd, fusion = Network(C), Network(S), Network(S), Network(SD), Network(FUSION)
    assert sum(net.numbers() for net in (c, s1, s2, sd, fusion)) == 162518834
    pair = torch.stack([im1, im2], 2)  # (N, 3, 2, H, W)
    pair = pair - pair.flatten(2).mean(2).view(*pair.shape[:2], 1, 1, 1)
    a, b = pair[:, :, 0], pair[:, :, 1]
    length = lambda x: x.pow(2).sum(1, keepdim=True).sqrt()

    a2 = c("conv2", c("conv1", a))
    a3, b3 = c("conv3", a2), c("conv3", c("conv2", c("conv1", b)))
    alike = F.leaky_relu(correlation(a3, b3, 20, 2), 0.1)
    flow = c.refine(a2, c("conv3_1", torch.cat([c("conv_redir", a3), alike], 1)), False)
    golden["flownetc"] = flow
    for i, net in enumerate((s1, s2)):
        flow = F.interpolate(flow * 20, scale_factor=4, mode="bilinear", align_corners=False)
        moved = resample(b, flow)
        x = torch.cat([a, b, moved, flow / 20, length(a - moved)], 1)
        x2 = net("conv2", net("conv1", x))
        flow = net.refine(x2, net("conv3_1", net("conv3", x2)), False)
        golden["flownets_%d" % (i + 1)] = flow
    large = F.interpolate(flow * 20, scale_factor=4, mode="nearest")

    x1 = sd("conv1_1", sd("conv1", sd("conv0", torch.cat([a, b], 1))))
    x2 = sd("conv2_1", sd("conv2", x1))
    flow = sd.refine(x2, sd("conv3_1", sd("conv3", x2)), True)
    golden["flownets_d"] = flow
    small = F.interpolate(flow / 20, scale_factor=4, mode="nearest")

    x0 = fusion("conv0", torch.cat([a, small, large, length(small), length(large), length(a - resample(b, small)), length(a - resample(b, large))], 1))
    x1 = fusion("conv1_1", fusion("conv1", x0))
    x2 = fusion("conv2_1", fusion("conv2", x1))
    up = fusion.plain("upsampled_flow2_to_1", fusion.plain("predict_flow2", x2))
    y1 = torch.cat([x1, fusion("deconv1", x2), up], 1)
    up = fusion.plain("upsampled_flow1_to_0", fusion.plain("predict_flow1", fusion.plain("inter_conv1.0", y1)))
    y0 = torch.cat([x0, fusion("deconv0", y1), up], 1)
    golden["flow"] = fusion.plain("predict_flow0", fusion.plain("inter_conv0.0", y0))


def main():
    torch.set_num_threads(1)
    torch.manual_seed(3)
    with torch.no_grad():
        # operators: features of odd sides, displacements that leave the picture
        for name in ("a", "b"):
            golden["correlation." + name] = torch.randn(2, 3, 5, 7)
        golden["correlation.4_2"] = correlation(golden["correlation.a"], golden["correlation.b"], 4, 2)
        golden["correlation.3_2"] = correlation(golden["correlation.a"], golden["correlation.b"], 3, 2)
        golden["resample.flow"] = torch.randn(2, 2, 5, 7) * 4
        golden["resample"] = resample(golden["correlation.a"], golden["resample.flow"])
        golden["channelnorm"] = golden["correlation.a"].pow(2).sum(1, keepdim=True).sqrt()
        torch.manual_seed(4)
        flownet2(torch.rand(2, 3, 64, 128) * 2 - 1, torch.rand(2, 3, 64, 128) * 2 - 1)
    for name, x in golden.items():
        print("%-18s %-20s mean |x| %.4g" % (name, tuple(x.shape), x.abs().mean()))
    save_file({k: v.contiguous() for k, v in golden.items()}, os.path.join(HERE, "golden.safetensors"))


main()
