"""Makes official.safetensors: what official programs initialise and compute after manual_seed(7).

    python gan/testdata/official.py MIMICRY BIGGAN DATA_EFFICIENT

The arguments are clones of kwotsin/mimicry, ajbrock/BigGAN-PyTorch and mit-han-lab/data-efficient-gans; nothing else of
them is kept. mimicry needs only its folder torch_mimicry/modules.
"""

import functools
import importlib.util
import os
import sys
import types

import torch
from safetensors.torch import load_file, save_file

SEED = 7
HERE = os.path.dirname(os.path.abspath(__file__))


def module(name, *path):
    spec = importlib.util.spec_from_file_location(name, os.path.join(*path))
    m = importlib.util.module_from_spec(spec)
    sys.modules[name] = m
    spec.loader.exec_module(m)
    return m


def main(mimicry, biggan, data_efficient):
    # The package itself would bring TensorFlow.
    sys.modules["torch_mimicry"] = types.ModuleType("torch_mimicry")
    sys.modules["torch_mimicry"].__path__ = [os.path.join(mimicry, "torch_mimicry")]
    sys.path.insert(0, biggan)
    from torch_mimicry.modules import layers as m_layers, resblocks, spectral_norm
    import layers as b_layers

    out = {}

    def record(name, make):
        torch.manual_seed(SEED)
        net = make()
        for key, t in net.state_dict().items():
            out[f"init.{name}.{key}"] = t.clone()
        return net

    record("mimicry.gblock", lambda: resblocks.GBlock(3, 4, upsample=True, num_classes=2, spectral_norm=True))
    record("mimicry.dblock", lambda: resblocks.DBlock(3, 4, downsample=True))
    record("mimicry.dblock_optimized", lambda: resblocks.DBlockOptimized(3, 4))
    record("mimicry.attention", lambda: m_layers.SelfAttention(8))
    record("mimicry.linear", lambda: spectral_norm.SNLinear(4, 3))
    conv = functools.partial(b_layers.SNConv2d, kernel_size=3, padding=1)
    linear = functools.partial(b_layers.SNLinear, bias=False)
    bn = functools.partial(b_layers.ccbn, which_linear=linear, input_size=2)
    record("biggan.gblock", lambda: b_layers.GBlock(
        3, 4, which_conv=conv, which_bn=bn, activation=torch.relu,
        upsample=functools.partial(torch.nn.functional.interpolate, scale_factor=2)))
    record("biggan.dblock", lambda: b_layers.DBlock(
        3, 4, which_conv=conv, preactivation=True, activation=torch.relu, downsample=torch.nn.AvgPool2d(2)))

    net = record("biggan.linear", lambda: b_layers.SNLinear(5, 4, num_svs=2, num_itrs=3, eps=1e-6))
    x = torch.randn(2, 5)
    out["values.x"] = x
    for i in range(2):
        out[f"values.out{i}"] = net(x).detach()
    out["values.eval"] = net.eval()(x).detach()
    for key, t in net.state_dict().items():
        out[f"values.{key}"] = t.clone()

    augment = module("DiffAugment_pytorch", data_efficient, "DiffAugment-biggan-cifar", "DiffAugment_pytorch.py")
    x = load_file(os.path.join(HERE, "augment.safetensors"))["x"]
    for policy in ["color", "translation", "cutout", "color,translation,cutout"]:
        torch.manual_seed(SEED)
        out["diffaugment." + policy] = augment.DiffAugment(x, policy)
    save_file({k: t.contiguous() for k, t in out.items()}, os.path.join(HERE, "official.safetensors"))


main(*sys.argv[1:])
