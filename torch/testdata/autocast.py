"""Writes torch/testdata/autocast.safetensors: a small network under torch.autocast("cpu") in PyTorch 2.11."""
import sys
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.set_num_threads(1)
torch.manual_seed(0)
x = torch.randn(4, 3, 8, 8)
y = torch.randint(0, 5, (4,))
p = {
    "conv.weight": torch.randn(6, 3, 3, 3) / 5,
    "conv.bias": torch.randn(6) / 5,
    "linear.weight": torch.randn(5, 6 * 6 * 6) / 15,
    "linear.bias": torch.randn(5) / 15,
}
out = {"x": x, "y": y, **{k: v.clone() for k, v in p.items()}}
for v in p.values():
    v.requires_grad_(True)
for name, dtype in (("bfloat16", torch.bfloat16), ("float16", torch.float16)):
    with torch.autocast("cpu", dtype=dtype):
        conv = F.conv2d(x, p["conv.weight"], p["conv.bias"])
        h = F.leaky_relu(conv, 0.2).flatten(1)
        logits = F.linear(h, p["linear.weight"], p["linear.bias"])
        loss = F.cross_entropy(logits, y)
        with torch.autocast("cpu", enabled=False):
            plain = x.flatten(1) @ x.flatten(1).t()
    for v in p.values():
        v.grad = None
    loss.backward()
    out |= {f"{name}.conv": conv, f"{name}.logits": logits, f"{name}.loss": loss, f"{name}.plain": plain}
    out |= {f"{name}.grad.{k}": v.grad for k, v in p.items()}
out = {k: v.detach().contiguous().clone() for k, v in out.items()}
for k, v in out.items():
    print(k, v.dtype, tuple(v.shape))
save_file(out, sys.argv[1])
