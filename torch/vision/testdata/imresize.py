"""Makes imresize/*.png: a picture, and what MATLAB's imresize makes of it, computed from its definition in float64.

    python torch/vision/testdata/imresize.py

Keys 1981 with a = -0.5; the kernel is widened by in/out where the picture shrinks, and its weights are normalised; output
place i (from 1) lies at i/s + (1 - 1/s)/2 for s = out/in; places beyond a border mirror those within. Each side is a matrix
here. The same function reproduces the pictures that MATLAB made for xinntao/matlab_functions_verification (1/2, 1/3, 1/4, 2, 3 times) but for
ties: at most one value in 60,000 differs, by 1.
"""

import os

import numpy as np
from PIL import Image

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "imresize")


def cubic(x):
    x = np.abs(x)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0))


def matrix(n, m):
    s = m / n
    wide = min(s, 1)
    rows = np.zeros((m, n))
    for i in range(1, m + 1):
        u = i / s + (1 - 1 / s) / 2
        places = np.arange(np.floor(u - 2 / wide), np.floor(u - 2 / wide) + np.ceil(4 / wide) + 2).astype(int)
        w = cubic(wide * (u - places))
        inside = (places - 1) % (2 * n)
        np.add.at(rows[i - 1], np.where(inside >= n, 2 * n - 1 - inside, inside), w / w.sum())
    return rows


y, x = np.mgrid[0:24, 0:36]
noise = np.random.default_rng(5).integers(0, 256, (24, 36))
picture = np.stack([(np.sin(y / 3) + np.cos(x / 4)) * 60 + 128, noise, (x > 17) * 200 + (y > 11) * 55], -1).astype(np.uint8)
Image.fromarray(picture).save(os.path.join(HERE, "picture.png"))
for h, w in (12, 18), (8, 12), (6, 9), (3, 4), (1, 1), (48, 72), (96, 144), (10, 50):
    out = np.einsum("ij,kl,jlc->ikc", matrix(24, h), matrix(36, w), picture.astype(float))
    out = np.clip(np.floor(out + 0.5), 0, 255).astype(np.uint8)
    Image.fromarray(out).save(os.path.join(HERE, f"{h}x{w}.png"))
