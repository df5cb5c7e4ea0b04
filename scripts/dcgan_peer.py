"""Times the training step of pytorch/examples' DCGAN in Python, for comparison with `forger bench dcgan`.

The same networks, order of updates, optimiser, batch and pictures of random numbers; prints one JSON line.
"""

import argparse
import json
import resource
import statistics
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def generator(nz, w, nc):
    def up(a, b, stride, padding):
        return [nn.ConvTranspose2d(a, b, 4, stride, padding, bias=False), nn.BatchNorm2d(b), nn.ReLU(True)]

    return nn.Sequential(*up(nz, 8 * w, 1, 0), *up(8 * w, 4 * w, 2, 1), *up(4 * w, 2 * w, 2, 1), *up(2 * w, w, 2, 1),
                         nn.ConvTranspose2d(w, nc, 4, 2, 1, bias=False), nn.Tanh())


def discriminator(w, nc):
    def down(a, b):
        return [nn.Conv2d(a, b, 4, 2, 1, bias=False), nn.BatchNorm2d(b), nn.LeakyReLU(0.2, True)]

    return nn.Sequential(nn.Conv2d(nc, w, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, True), *down(w, 2 * w), *down(2 * w, 4 * w),
                         *down(4 * w, 8 * w), nn.Conv2d(8 * w, 1, 4, 1, 0, bias=False), nn.Sigmoid())


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--device", default="cpu")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--steps", type=int, default=10)
    p.add_argument("--warmup", type=int, default=3)
    p.add_argument("--threads", type=int, default=0)
    a = p.parse_args()
    if a.threads:
        torch.set_num_threads(a.threads)
    torch.manual_seed(0)
    g, d = generator(100, 64, 3).to(a.device), discriminator(64, 3).to(a.device)
    opt_d = torch.optim.Adam(d.parameters(), lr=2e-4, betas=(0.5, 0.999))
    opt_g = torch.optim.Adam(g.parameters(), lr=2e-4, betas=(0.5, 0.999))
    x = (torch.rand(a.batch, 3, 64, 64) * 2 - 1).to(a.device)
    ones, zeros = torch.ones(a.batch, device=a.device), torch.zeros(a.batch, device=a.device)

    def wait():
        if a.device.startswith("cuda"):
            torch.cuda.synchronize()

    def step():
        opt_d.zero_grad()
        F.binary_cross_entropy(d(x).view(-1), ones).backward()
        fake = g(torch.randn(a.batch, 100, 1, 1, device=a.device))
        F.binary_cross_entropy(d(fake.detach()).view(-1), zeros).backward()
        opt_d.step()
        opt_g.zero_grad()
        F.binary_cross_entropy(d(fake).view(-1), ones).backward()
        opt_g.step()

    times = []
    for i in range(a.warmup + a.steps):
        wait()
        start = time.perf_counter()
        step()
        wait()
        if i >= a.warmup:
            times.append((time.perf_counter() - start) * 1000)
    print(json.dumps({
        "bench": "dcgan-python", "batch": a.batch, "device": a.device, "threads": torch.get_num_threads(),
        "ms_median": statistics.median(times), "ms_min": min(times),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "peak_cuda_mb": torch.cuda.max_memory_allocated() / 2**20 if a.device.startswith("cuda") else 0,
        "torch": torch.__version__,
    }))


if __name__ == "__main__":
    main()
