"""The Python side of scripts/exchange.sh: a small DCGAN of pytorch/examples whose training moves to Forger and back.

    exchange_peer.py start FILE    trains three steps, saves networks, optimisers, pictures and latents with torch.save,
                                   and adds the losses of the next three steps
    exchange_peer.py go-on FILE    loads such a file and prints the losses of the next three steps
"""

import json
import sys

import torch
import torch.nn.functional as F

from dcgan_peer import discriminator, generator

LATENT, WIDTH, CHANNELS, BATCH, STEPS = 8, 4, 1, 4, 3


class Training:
    def __init__(self):
        # As in dcgan/main.py, which keeps the layers in an attribute "main".
        self.g, self.d = torch.nn.Module(), torch.nn.Module()
        self.g.main, self.d.main = generator(LATENT, WIDTH, CHANNELS), discriminator(WIDTH, CHANNELS)
        self.opt_d = torch.optim.Adam(self.d.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.opt_g = torch.optim.Adam(self.g.parameters(), lr=2e-4, betas=(0.5, 0.999))

    def state(self):
        parts = {"G": self.g, "D": self.d, "optimizer.G": self.opt_g, "optimizer.D": self.opt_d}
        return {name: part.state_dict() for name, part in parts.items()}

    def load(self, state):
        self.g.load_state_dict(state["G"])
        self.d.load_state_dict(state["D"])
        self.opt_g.load_state_dict(state["optimizer.G"])
        self.opt_d.load_state_dict(state["optimizer.D"])

    def step(self, x, z):
        ones, zeros = torch.ones(len(x)), torch.zeros(len(x))
        self.opt_d.zero_grad()
        real = F.binary_cross_entropy(self.d.main(x).view(-1), ones)
        real.backward()
        fake = self.g.main(z)
        judged = F.binary_cross_entropy(self.d.main(fake.detach()).view(-1), zeros)
        judged.backward()
        self.opt_d.step()
        self.opt_g.zero_grad()
        loss = F.binary_cross_entropy(self.d.main(fake).view(-1), ones)
        loss.backward()
        self.opt_g.step()
        return [real.item(), judged.item(), loss.item()]


def start(path):
    torch.manual_seed(0)
    t = Training()
    x = torch.rand(BATCH, CHANNELS, 64, 64) * 2 - 1
    z = torch.randn(2 * STEPS, BATCH, LATENT, 1, 1)
    for k in range(STEPS):
        t.step(x, z[k])
    torch.save({**t.state(), "x": x, "z": z[STEPS:].clone()}, path)
    saved = torch.load(path, weights_only=True)  # before the state goes on: it shares memory
    saved["losses"] = [t.step(x, z[k]) for k in range(STEPS, 2 * STEPS)]
    torch.save(saved, path)


def go_on(path):
    saved = torch.load(path, weights_only=True)
    t = Training()
    t.load(saved)
    print(json.dumps([t.step(saved["x"], z) for z in saved["z"]]))


if __name__ == "__main__":
    torch.set_num_threads(1)
    {"start": start, "go-on": go_on}[sys.argv[1]](sys.argv[2])
