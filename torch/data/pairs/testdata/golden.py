"""Makes the small pictures of this folder, and golden.safetensors: what Pillow, torchvision and scikit-image make of them.

Needs torch, torchvision, pillow, scikit-image and safetensors. Run: python golden.py
"""
import json
import os

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from skimage import color
from torchvision import transforms as T
from torchvision.transforms import InterpolationMode as I

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(6)


def path(name):
    return os.path.join(here, name)


def smooth(h, w):
    """Blobs with some noise, so that overshoot of the bicubic filter and rounding both show."""
    y, x = np.mgrid[:h, :w]
    planes = [np.sin(x / a + c) * np.cos(y / b) for a, b, c in rng.uniform(2, 6, (3, 3))]
    return np.stack(planes, -1) * 140 + 128 + rng.normal(0, 12, (h, w, 3))


ab = smooth(21, 54).clip(0, 255).astype(np.uint8)
Image.fromarray(ab).save(path("ab.png"), optimize=True)
ids = np.repeat(np.repeat(rng.integers(0, 7, (7, 9)), 3, 0), 3, 1).astype(np.uint8)
label = Image.fromarray(ids, "P")
label.putpalette([int(v) for v in rng.integers(0, 256, 21)])
label.save(path("label.png"), optimize=True)
instance = (ids.astype(np.uint16) * 1000 + np.arange(27, dtype=np.uint16)[None] // 5)
Image.fromarray(instance).save(path("instance.png"))
deep = (smooth(21, 27)[..., 0].clip(0, 255) * 257).astype(np.uint16)
Image.fromarray(deep).save(path("deep.png"))

whole = Image.open(path("ab.png")).convert("RGB")
w2 = whole.width // 2
A, B = whole.crop((0, 0, w2, whole.height)), whole.crop((w2, 0, whole.width, whole.height))


def nearest_multiple(n, m):
    return int(round(n / m) * m)


def target(c, im):
    """Height and width that a picture is brought to."""
    w, h = im.size
    mode, load = c["Preprocess"], c.get("Load", 0)
    if mode.startswith("resize"):
        return load * c["Height"] // c["Width"], load
    if mode.startswith("scale_width"):
        return int(max(load * h / w, c.get("Height", 0))), load
    if mode.startswith("scale_shortside"):
        return (int(load * h / w), load) if w <= h else (load, int(load * w / h))
    if mode == "none":
        return nearest_multiple(h, c["Multiple"]), nearest_multiple(w, c["Multiple"])
    return h, w


def official(c, im, method):
    h, w = target(c, im)
    if (w, h) != im.size:
        im = T.Resize([h, w], method)(im)
    if c["Preprocess"].endswith("crop"):
        im = im.crop((c["Left"], c["Top"], c["Left"] + c["Width"], c["Top"] + c["Height"]))
    return im.transpose(Image.FLIP_LEFT_RIGHT) if c["Flip"] else im


def case(preprocess, top=0, left=0, flip=False, **options):
    return {"Preprocess": preprocess, "Top": top, "Left": left, "Flip": flip} | options


cases = [
    case("resize_and_crop", 2, 1, True, Load=19, Width=16, Height=16),
    case("resize_and_crop", 0, 3, False, Load=35, Width=32, Height=32),
    case("resize_and_crop", 0, 0, True, Load=32, Width=32, Height=16),
    case("resize_and_crop", 0, 0, False, Load=10, Width=10, Height=10),
    case("crop", 5, 11, True, Width=16, Height=16),
    case("scale_width", flip=True, Load=18),
    case("scale_width", flip=False, Load=12, Height=16),
    case("scale_width_and_crop", 2, 3, True, Load=20, Width=12, Height=12),
    case("scale_shortside", flip=True, Load=16),
    case("scale_shortside_and_crop", 1, 4, False, Load=17, Width=16, Height=16),
    case("none", flip=True, Multiple=4),
    case("none", flip=False, Multiple=16),
]
out = {}


def put(name, array):
    out[name] = torch.from_numpy(np.ascontiguousarray(array))


for n, c in enumerate(cases):
    for side, im in (("A", A), ("B", B)):
        put(f"{n}.{side}", np.asarray(official(c, im, I.BICUBIC)))
    put(f"{n}.grey", np.asarray(official(c, T.Grayscale(1)(A), I.BICUBIC)))
    put(f"{n}.bilinear", np.asarray(official(c, A, I.BILINEAR)))
    put(f"{n}.label", np.asarray(official(c, label, I.NEAREST)))
    put(f"{n}.instance", np.asarray(official(c, Image.open(path("instance.png")), I.NEAREST)).astype(np.int32))
    put(f"{n}.deep", np.asarray(official(c, Image.fromarray(deep.astype(np.float32)), I.BICUBIC)))

tensor = T.Compose([T.ToTensor(), T.Normalize((0.5,) * 3, (0.5,) * 3)])
put("values.A", tensor(official(cases[0], A, I.BICUBIC)).numpy())
put("values.label", (T.ToTensor()(label) * 255).numpy())
small = official(cases[0], A, I.BICUBIC)
lab = color.rgb2lab(np.array(small)).astype(np.float32)
put("lab.A", T.ToTensor()(lab)[:1].numpy() / 50.0 - 1.0)
put("lab.B", T.ToTensor()(lab)[1:].numpy() / 110.0)
every = np.mgrid[-1:1:5j, -1:1:5j, -1:1:5j].reshape(3, 5, 25).astype(np.float32)
back = np.concatenate([(every[:1] + 1) * 50, every[1:] * 110]).transpose(1, 2, 0).astype(np.float64)
put("lab.values", every)
put("lab.back", (color.lab2rgb(back) * 255).astype(np.uint8))
save_file(out, path("golden.safetensors"))
with open(path("golden.json"), "w") as f:
    json.dump(cases, f, indent=1)
