"""Writes the TorchScript files of this folder and what they give in Python: python make.py (torch 2.11)."""
import json
from typing import Dict, List, Tuple

import torch
from torch import Tensor, nn


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.norm = nn.BatchNorm2d(2)
        self.drop = nn.Dropout(0.5)
        self.head = nn.Linear(2 * 4 * 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.drop(torch.relu(self.norm(self.conv(x)))).flatten(1))

    @torch.jit.export
    def features(self, x: Tensor, scale: Tensor) -> Tuple[Tensor, List[Tensor]]:
        y = self.conv(x)
        return y * scale, [y.mean(), y.amax()]

    @torch.jit.export
    def table(self, x: Tensor) -> Dict[str, Tensor]:
        return {"x": x}

    @torch.jit.export
    def refuse(self, x: Tensor) -> Tensor:
        if x.numel() > 0:
            raise ValueError("no such thing")
        return x


class Pair(nn.Module):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        return x, x + 1


torch.manual_seed(0)
m = Small()
m(torch.randn(8, 1, 4, 4))  # running statistics
m.eval()
torch.jit.script(m).save("small.pt")
torch.jit.script(Pair()).save("pair.pt")
torch.save(m.state_dict(), "state.pth")
x = torch.randn(2, 1, 4, 4, requires_grad=True)
y = m(x)
y.square().sum().backward()
scaled, (mean, largest) = m.features(x, torch.tensor(2.0))
with open("small.json", "w") as f:
    json.dump({"x": x.flatten().tolist(), "y": y.flatten().tolist(), "grad": x.grad.flatten().tolist(),
               "head": m.head.weight.grad.flatten().tolist(), "scaled": scaled.flatten().tolist(),
               "mean": mean.item(), "largest": largest.item(),
               "state": {k: [list(v.shape), v.double().flatten().tolist()] for k, v in m.state_dict().items()}}, f)
