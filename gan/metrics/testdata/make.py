"""Writes golden.safetensors: path lengths by torch-fidelity 0.4.0, and Daala's SSIM by its definition, place by place."""
import math

import numpy as np
import torch
from safetensors.torch import save_file
from torch_fidelity import GenerativeModelBase, metric_ppl

percentile = np.percentile
np.percentile = lambda a, q, interpolation: percentile(a, q, method=interpolation)  # NumPy's new name


def waves(*shape, step):
    return torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * step).view(shape).float()


W = waves(4, 3 * 12 * 12, step=0.7)


class Toy(GenerativeModelBase):
    z_size, z_type, num_classes = 4, "normal", 0

    def __init__(self, dtype):
        super().__init__()
        self.dtype = dtype

    def forward(self, z):
        x = torch.tanh(z @ W).view(-1, 3, 12, 12)
        return torch.floor(((x + 1) * 127.5 + 0.5).clamp(0, 255)).to(torch.uint8) if self.dtype == "uint8" else x


def similarity(name, sample_similarity_resize, sample_similarity_dtype, **_):
    def of(x):
        if sample_similarity_dtype == "uint8":
            x = x.float() / 127.5 - 1
        mode = dict(mode="area") if x.shape[-1] > sample_similarity_resize else dict(mode="bilinear", align_corners=False)
        return torch.nn.functional.interpolate(x, (sample_similarity_resize,) * 2, **mode)

    return lambda a, b: (of(a) - of(b)).square().mean((1, 2, 3))


out, taken = {}, []
random = metric_ppl.sample_random
metric_ppl.sample_random = lambda *a: taken.append(random(*a)) or taken[-1]
metric_ppl.create_sample_similarity = similarity
for name, dtype, side, eps, interp in (("u8", "uint8", 6, 0.05, "lerp"), ("float", "float32", 20, 1e-2, "lerp"), ("slerp", "float32", 20, 1e-2, "slerp_unit")):
    Toy.z_type = "unit" if interp == "slerp_unit" else "normal"
    r = metric_ppl.calculate_ppl(1, input1=Toy(dtype), batch_size=50, cuda=False, verbose=False, ppl_epsilon=eps, input1_model_num_samples=250,
                                 ppl_sample_similarity_resize=side, ppl_sample_similarity_dtype=dtype, ppl_z_interp_mode=interp,
                                 input1_model_z_size=4, input1_model_z_type=Toy.z_type, input1_model_num_classes=0)
    out["ppl." + name] = torch.tensor([r[metric_ppl.KEY_METRIC_PPL_MEAN], r[metric_ppl.KEY_METRIC_PPL_STD]], dtype=torch.float64)
out["from"], out["to"] = taken[0].float(), taken[1].float()
out["unit.from"], out["unit.to"] = taken[4].float(), taken[5].float()  # its unit latents are all positive


def window(sigma, most):
    s, reach = math.sqrt(0.5 * math.pi) * sigma / 256, 0
    if s < 1:
        reach = math.floor(sigma * math.sqrt(-2 * math.log(s)))
    reach = min(reach, most - 1)
    k = [0] * (2 * reach + 1)
    for i in range(1, reach + 1):
        k[reach - i] = k[reach + i] = int(256 / (math.sqrt(2 * math.pi) * sigma) * math.exp(-0.5 * i * i / sigma**2) + 0.5)
    k[reach] = 256 - sum(k)
    return k


def daala(a, b):
    h, w = len(a), len(a[0])
    k = window(h * 1.5 / 256, min(h, w))
    r, total, weights = len(k) // 2, 0.0, 0.0
    for y in range(h):
        for x in range(w):
            ma = mb = aa = bb = ab = m = 0
            for i in range(max(0, y - r), min(h, y + r + 1)):
                for j in range(max(0, x - r), min(w, x + r + 1)):
                    f, p, q = k[i - y + r] * k[j - x + r], a[i][j], b[i][j]
                    ma, mb, aa, bb, ab, m = ma + f * p, mb + f * q, aa + f * p * p, bb + f * q * q, ab + f * p * q, m + f
            c1, c2 = (0.01 * 255) ** 2 * m * m, (0.03 * 255) ** 2 * m * m
            total += m * (2 * ma * mb + c1) * (2 * (ab * m - ma * mb) + c2) / (
                (ma * ma + mb * mb + c1) * (aa * m - ma * ma + bb * m - mb * mb + c2))
            weights += m
    return total / weights


rng = np.random.RandomState(5)
for h, w in ((60, 41), (300, 9)):
    a = rng.randint(0, 256, (2, h, w))
    b = np.clip(a + rng.randint(-60, 60, (2, h, w)), 0, 255)
    out[f"daala.{h}.a"], out[f"daala.{h}.b"] = torch.from_numpy(a.astype(np.uint8)), torch.from_numpy(b.astype(np.uint8))
    out[f"daala.{h}"] = torch.tensor([daala(a[i].tolist(), b[i].tolist()) for i in range(2)], dtype=torch.float64)
save_file({k: v.contiguous() for k, v in out.items()}, "golden.safetensors")
for k, v in out.items():
    print(k, tuple(v.shape), v.flatten()[:3].tolist())
