"""Makes augment.safetensors: random augmentations of pictures, computed from their definitions.

    python gan/testdata/augment.py

The random numbers are PyTorch's after manual_seed(3), drawn in the order in which the official programs draw them
(mit-han-lab/data-efficient-gans, NVlabs/stylegan2-ada-pytorch). What is done with them is written here pixel by pixel, in
float64, from the papers: Zhao et al. 2020, and Karras et al. 2020, appendix B.
"""

import math
import os

import numpy as np
import torch
from safetensors.torch import save_file

SEED = 3
HERE = os.path.dirname(os.path.abspath(__file__))


def numbers(t):
    return t.double().numpy()


# DiffAugment


def color(x):
    n = len(x)
    brightness = numbers(torch.rand(n, 1, 1, 1))
    saturation = numbers(torch.rand(n, 1, 1, 1))
    contrast = numbers(torch.rand(n, 1, 1, 1))
    out = np.empty_like(x)
    for i in range(n):
        y = x[i] + brightness[i].item() - 0.5
        gray = y.mean(0)
        y = gray + 2 * saturation[i].item() * (y - gray)
        mean = y.mean()
        out[i] = mean + (0.5 + contrast[i].item()) * (y - mean)
    return out


def translation(x):
    n, _, h, w = x.shape
    most = [math.floor(side / 8 + 0.5) for side in (h, w)]
    down, right = (torch.randint(-m, m + 1, [n, 1, 1]).flatten().tolist() for m in most)
    out = np.zeros_like(x)
    for i in range(n):
        for r in range(h):
            for c in range(w):
                if 0 <= r + down[i] < h and 0 <= c + right[i] < w:
                    out[i, :, r, c] = x[i, :, r + down[i], c + right[i]]
    return out


def cutout(x):
    n, _, h, w = x.shape
    size = [math.floor(side / 2 + 0.5) for side in (h, w)]
    centre = [torch.randint(0, side + 1 - s % 2, [n, 1, 1]).flatten().tolist() for side, s in zip((h, w), size)]
    out = x.copy()
    for i in range(n):
        top, left = (c[i] - s // 2 for c, s in zip(centre, size))
        out[i, :, max(top, 0) : max(top + size[0], 0), max(left, 0) : max(left + size[1], 0)] = 0
    return out


# ADA

SYM6 = np.array([0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633,
                 0.4910559419267466, 0.787641141030194, 0.3379294217276218, -0.07263752278646252,
                 -0.021060292512300564, 0.04472490177066578, 0.0017677118642428036, -0.007800708325034148])
SYM6 /= SYM6.sum()


def often(value, p, none):
    """value with probability p for each picture, else none."""
    chosen = torch.rand([len(value)] + [1] * (value.dim() - 1)) < p
    return numbers(torch.where(chosen, value, torch.full_like(value, none)))


def scale(x, y):
    return np.diag([x, y, 1.0])


def shift(x, y):
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])


def turn(a):
    return np.array([[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1.0]])


def places(n, h, w, p):
    """For each picture, the map from pixels of the result to pixels of the picture, from the centres."""
    p32 = torch.tensor(p)
    half = 1 - torch.sqrt((1 - p32).clamp(0, 1))
    mirror = often(torch.floor(torch.rand([n]) * 2), p, 0)
    quarter = often(torch.floor(torch.rand([n]) * 4), p, 0)
    whole = often((torch.rand([n, 2]) * 2 - 1) * 0.125, p, 0)
    size = often(torch.exp2(torch.randn([n]) * 0.2), p, 1)
    before = often((torch.rand([n]) * 2 - 1) * math.pi, half, 0)
    stretch = often(torch.exp2(torch.randn([n]) * 0.2), p, 1)
    after = often((torch.rand([n]) * 2 - 1) * math.pi, half, 0)
    part = often(torch.randn([n, 2]) * 0.125, p, 0)
    out = []
    for i in range(n):
        # What happens to the picture, one thing after another.
        forward = [
            scale(1 - 2 * mirror[i], 1),
            turn(-math.pi / 2 * quarter[i]),
            shift(np.round(whole[i, 0] * w), np.round(whole[i, 1] * h)),
            scale(size[i], size[i]),
            turn(-before[i]),
            scale(stretch[i], 1 / stretch[i]),
            turn(-after[i]),
            shift(part[i, 0] * w, part[i, 1] * h),
        ]
        m = np.eye(3)
        for f in forward:
            m = f @ m
        out.append(np.linalg.inv(m))
    return out


def along(f, axis, x):
    return np.apply_along_axis(f, axis, x)


def warp(x, place):
    """One channel: twice the size by sym6, sampled bilinearly, half the size by sym6 the other way round.

    The centre of sym6 is at its tap 5, half a tap before the middle, so that the picture of twice the size lies half a
    pixel to the left of and above where it would be."""
    h, w = x.shape
    y = np.pad(x, ((h - 1, h - 1), (w - 1, w - 1)), mode="reflect")

    def double(line):
        z = np.zeros(2 * len(line))
        z[::2] = 2 * line
        return np.convolve(z, SYM6)[5 : 5 + len(z)]

    y = along(double, 1, along(double, 0, y))
    big = np.zeros((2 * h + 12, 2 * w + 12))
    for r in range(big.shape[0]):
        for c in range(big.shape[1]):
            at = [(c - (big.shape[1] - 1) / 2 + 0.5) / 2, (r - (big.shape[0] - 1) / 2 + 0.5) / 2, 1]
            px, py, _ = place @ at
            px, py = 2 * px - 0.5 + (y.shape[1] - 1) / 2, 2 * py - 0.5 + (y.shape[0] - 1) / 2
            for row in (math.floor(py), math.floor(py) + 1):
                for col in (math.floor(px), math.floor(px) + 1):
                    if 0 <= row < y.shape[0] and 0 <= col < y.shape[1]:
                        big[r, c] += (1 - abs(py - row)) * (1 - abs(px - col)) * y[row, col]

    def halve(line):
        return np.correlate(line[1:-1], SYM6, "valid")[::2]

    return along(halve, 1, along(halve, 0, big))


def ada(x, p):
    n, channels, h, w = x.shape
    place = places(n, h, w, p)
    out = np.stack([[warp(x[i, c], place[i]) for c in range(channels)] for i in range(n)])

    bright = often(torch.randn([n]) * 0.2, p, 0)
    contrast = often(torch.exp2(torch.randn([n]) * 0.5), p, 1)
    luma = often(torch.floor(torch.rand([n, 1, 1]) * 2), p, 0).flatten()
    axis = np.ones(3) / math.sqrt(3)
    if channels == 3:
        angle = often((torch.rand([n]) * 2 - 1) * math.pi, p, 0)
        vivid = often(torch.exp2(torch.randn([n, 1, 1])), p, 1).flatten()
    for i in range(n):
        pixels = (out[i] + bright[i]) * contrast[i]
        # A picture of one channel is taken for a gray one.
        pixels = np.broadcast_to(pixels, (3, h, w)).reshape(3, -1)
        pixels = pixels - 2 * luma[i] * np.outer(axis, axis @ pixels)
        if channels == 3:
            gray = np.outer(axis, axis @ pixels)
            across = np.stack([np.cross(axis, q) for q in pixels.T], 1)
            pixels = gray + math.cos(angle[i]) * (pixels - gray) + math.sin(angle[i]) * across  # Rodrigues
            gray = np.outer(axis, axis @ pixels)
            pixels = gray + vivid[i] * (pixels - gray)
        out[i] = pixels.reshape(3, h, w)[:channels]
    return out


SYM2 = np.array([-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025])


def octaves():
    """The filters of four bands: the high pass of one level, after the low passes of all finer ones."""
    high = SYM2 * [1, -1, 1, -1]
    low, high = (np.convolve(f, f[::-1]) / 2 for f in (SYM2, high))

    def at(f, level):
        out = np.zeros((len(f) - 1) * 2**level + 1)
        out[:: 2**level] = f
        return out

    out = []
    for first in (None, 2, 1, 0):
        f = at(low, 2) if first is None else at(high, first)
        for level in range(2 if first is None else first):
            f = np.convolve(f, at(low, level))
        side = (43 - len(f)) // 2
        out.append(np.pad(f, side))
    return out


def corrupt(x, p):
    n, channels, h, w = x.shape
    strengths, power = np.ones((n, 4)), np.array([10, 1, 1, 1]) / 13
    for band in range(4):
        t = np.ones((n, 4))
        t[:, band] = often(torch.exp2(torch.randn([n])), p, 1)
        strengths *= t / np.sqrt((power * t**2).sum(1, keepdims=True))
    sigma = often(torch.randn([n, 1, 1, 1]).abs() * 0.1, p, 0)
    noise = numbers(torch.randn([n, channels, h, w]))
    size = often(torch.full([n, 2, 1, 1, 1], 0.5), p, 0).reshape(n, 2)
    centre = numbers(torch.rand([n, 2, 1, 1, 1])).reshape(n, 2)
    out, bank = np.empty_like(x), octaves()
    for i in range(n):
        f = sum(s * b for s, b in zip(strengths[i], bank))
        for c in range(channels):
            y = np.pad(x[i, c], 21, mode="reflect")
            for axis in (0, 1):
                y = along(lambda line: np.correlate(line, f, "valid"), axis, y)
            out[i, c] = y + sigma[i, 0, 0, 0] * noise[i, c]
        for r in range(h):
            for c in range(w):
                if abs((c + 0.5) / w - centre[i, 0]) < size[i, 0] / 2 and abs((r + 0.5) / h - centre[i, 1]) < size[i, 1] / 2:
                    out[i, :, r, c] = 0
    return out


def main():
    out = {}
    torch.manual_seed(SEED)
    x = torch.rand(6, 3, 10, 13) * 2 - 1
    gray = x[:, :1].contiguous()
    out["x"], out["gray"] = x, gray
    for name, steps in {
        "color": [color], "translation": [translation], "cutout": [cutout],
        "color,translation,cutout": [color, translation, cutout],
    }.items():
        torch.manual_seed(SEED)
        y = numbers(x)
        for step in steps:
            y = step(y)
        out["diffaugment." + name] = torch.from_numpy(y).float()
    for name, pictures, p in [("ada.0", x, 0.0), ("ada.0.6", x, 0.6), ("ada.1", x, 1.0), ("ada.gray", gray, 0.6)]:
        torch.manual_seed(SEED)
        out[name] = torch.from_numpy(ada(numbers(pictures), p)).float().contiguous()
    torch.manual_seed(SEED)
    out["large"] = torch.rand(4, 3, 22, 26) * 2 - 1
    for p in (0.6, 1.0):
        torch.manual_seed(SEED)
        y = corrupt(ada(numbers(out["large"]), p), p)
        out[f"ada.bgcfnc.{p:g}"] = torch.from_numpy(y).float().contiguous()
    save_file(out, os.path.join(HERE, "augment.safetensors"))


main()
