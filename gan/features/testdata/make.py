"""Writes golden.safetensors: what torch-fidelity 0.4.0, torchvision 0.26, efficientnet-lite-pytorch 0.1.0 and Pillow give.

Weights are not stored: both sides fill the tensors of the state dictionary, in its order, with waves (see fill).
"""
import math

import numpy as np
import torch
import torchvision
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch_fidelity import feature_extractor_inceptionv3 as fidelity
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x as tf1
from torchvision.models.resnet import BasicBlock


def fill(model):
    phase = 0
    for name, p in model.state_dict().items():
        if not p.is_floating_point():
            continue
        centre, scale = 0.0, 0.1
        if p.dim() > 1:
            scale = math.sqrt(2 / (p.numel() // p.shape[0]))
        elif name.endswith("running_var") or (name.endswith("weight")):
            centre = 1.0
        wave = torch.sin(torch.arange(p.numel(), dtype=torch.float64) * 0.37 + phase) * scale + centre
        p.copy_(wave.view(p.shape))
        phase += 1
    return model.eval()


def waves(*shape):
    return torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * 0.11).view(shape).float()


def pictures(*shape):
    return torch.floor((waves(*shape).double() + 1) * 127.5).to(torch.uint8)


class ResNet32(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16)
        before = 16
        for k, width in enumerate((16, 32, 64)):
            blocks = []
            for i in range(5):
                stride, down = (2 if k and not i else 1), None
                if stride == 2:
                    down = nn.Sequential(nn.Conv2d(before, width, 1, stride, bias=False), nn.BatchNorm2d(width))
                blocks.append(BasicBlock(before, width, stride, down))
                before = width
            setattr(self, f"layer{k + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x))))))
        return self.fc(x.mean((2, 3)))


torch.set_grad_enabled(False)
out = {}

strict, nn.Module.load_state_dict = nn.Module.load_state_dict, lambda *a, **k: None
fidelity.load_state_dict_from_url = lambda *a, **k: None
names = ["64", "192", "768", "2048", "logits_unbiased", "logits"]
inception = fill(fidelity.FeatureExtractorInceptionV3("inception", names))
nn.Module.load_state_dict = strict
for name, x in zip(names, inception(pictures(2, 3, 40, 32))):
    out["inception." + name] = x

vgg = fill(torchvision.models.vgg19())
x = waves(2, 3, 64, 48)
for i, layer in enumerate(vgg.features):
    x = layer(x)
    if i in (1, 6, 11, 20, 29, 35):
        out[f"vgg19.{i}"] = x.mean((2, 3)).clone()

out["resnet18"] = fill(torchvision.models.resnet18(num_classes=10))(waves(2, 3, 64, 48))
out["resnet32"] = fill(ResNet32())(waves(2, 3, 32, 32))

lite = fill(EfficientNet.from_name("efficientnet-lite0"))
x = waves(2, 3, 224, 224)
out["lite0.logits"] = lite(x)
out["lite0.features"] = lite.extract_features(x).mean((2, 3))
x = lite._swish(lite._bn0(lite._conv_stem(x)))
for i, block in enumerate(lite._blocks):
    x = block(x)
    if i in (2, 4, 10):
        out[f"lite0.tap.{i}"] = x.mean((2, 3))

x = pictures(1, 3, 40, 32).float()
out["tf1.larger"] = tf1(x, (50, 50), align_corners=False)
out["tf1.smaller"] = tf1(x, (17, 17), align_corners=False)
out["pytorch-fid"] = (2 * torch.nn.functional.interpolate(x / 255, (299, 299), mode="bilinear", align_corners=False) - 1)[:, :1, ::13, ::11]


def pillow(plane, size, how):
    return torch.from_numpy(np.array(plane.resize(size, how)).astype(np.float32))


for side in (40, 600):
    plane = pictures(side, side).numpy()
    clean = pillow(Image.fromarray(plane.astype(np.float32), mode="F"), (299, 299), Image.Resampling.BICUBIC).clip(0, 255)
    out[f"clean-fid.{side}"] = ((clean - 128) / 128)[::13, ::11]
    out[f"pil-bilinear.{side}"] = pillow(Image.fromarray(plane), (299, 299), Image.Resampling.BILINEAR)[::13, ::11]
    clean = pillow(Image.fromarray(plane.astype(np.float32), mode="F"), (224, 224), Image.Resampling.BICUBIC).clip(0, 255)
    out[f"lite.{side}"] = ((clean - 127) / 128)[::13, ::11]

save_file({k: v.contiguous() for k, v in out.items()}, "golden.safetensors")
for k, v in out.items():
    print(k, tuple(v.shape), float(v.abs().max()))
