"""Writes scaler.json beside itself: scale, growth tracker and parameters over 12 iterations of two optimisers with
torch.amp.GradScaler in PyTorch 2.11 on the CPU. The losses of some iterations overflow."""
import json
import pathlib
import torch

g, d = (torch.tensor([1.0, -2.0], requires_grad=True) for _ in range(2))
opt_g, opt_d = torch.optim.SGD([g], lr=0.25), torch.optim.Adam([d], lr=0.1)
scaler = torch.amp.GradScaler("cpu", init_scale=1024.0, growth_factor=4.0, backoff_factor=0.25, growth_interval=3)
weights, rows = [1, 1, 1, 1, 1e37, 1, 1, 1, 1e38, 1, 1, 1], []
for i, weight in enumerate(weights):
    for p, opt in ((g, opt_g), (d, opt_d)):
        opt.zero_grad()
        scaler.scale((p * p * (weight if (p is g) == (i < 6) else 1)).sum()).backward()
    scaler.unscale_(opt_g)
    scaler.step(opt_g)
    scaler.step(opt_d)
    scaler.update()
    rows.append({"weight": weight, "g": g.tolist(), "d": d.tolist(), "state": scaler.state_dict()})
pathlib.Path(__file__).with_name("scaler.json").write_text(json.dumps(rows, indent=1) + "\n")
