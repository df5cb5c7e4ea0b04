"""Writes what PyTorch gives for each call in *.txt to *.json beside it.

    python make.py            (torch 2.11)

A line is a call as Python writes it, of the operator with its overload. A word in front says how to compare:
    abs    the sign of each number is free, as of an eigenvector
    shape  only types and shapes are defined
    amd    LibTorch draws another way on Intel's processors, where only shapes are compared
    cuda   fails where there is no CUDA device
"""
import glob
import json
import math
import os
import re

import torch


def t(*shape, s=0):
    """Numbers in (-2, 2) without a pattern, the same for the same shape and s."""
    n = torch.arange(math.prod(shape), dtype=torch.float64)
    return (2 * torch.sin(n * n * 0.37 + n * 1.7 + 0.4 + s)).mul(1000).round().div(1000).view(shape)


def weights(gates, bidirectional=False):
    """Parameters of a recurrent layer from 3 numbers to 4."""
    out = []
    for s in range(2 if bidirectional else 1):
        out += [t(4 * gates, 3, s=s), t(4 * gates, 4, s=s), t(4 * gates, s=s), t(4 * gates, s=s + 1)]
    return out


def longs(*values):
    return torch.tensor(values)


def operands():
    """Fresh ones for each call, which may change them."""
    f = lambda *v: torch.tensor(v, dtype=torch.float64)
    spd = t(3, 3) @ t(3, 3).T + 3 * torch.eye(3, dtype=torch.float64)
    return dict(
        a=f(-1.5, .25, 2, .5, -.75, 1).view(2, 3), b=f(2, .25, -1, 1, 3, -.5).view(2, 3),
        p=f(.2, .5, .9, .1, .3, .6).view(2, 3), n=f(1, math.nan, math.inf, -math.inf),
        v=f(3, 1, 2), s=f(4, 1, 1, 3).view(2, 2), m=f(2, -1, .5, .25, 3, 1, -2, .75, 1.5).view(3, 3), spd=spd.mul(8).round() / 8,
        z=torch.complex(f(-1.5, .25, 2, .5, -.75, 1).view(2, 3), f(2, .25, -1, 1, 3, -.5).view(2, 3)),
        k=longs(3, 1, 2, 1, 1, 0).view(2, 3), l=longs(1, 1, 0, 3, 2, 0).view(2, 3),
        i=longs(0, 2, 1, 0).view(2, 2), c=longs(2, 0), c2=longs(1, 1),
        x1=t(2, 4, 6), x2=t(1, 4, 6, 5), x3=t(1, 2, 3, 4, 4))


NAMES = dict(
    t=t, weights=weights, longs=longs, pos=lambda *shape: t(*shape).abs() + 0.125, seeded=lambda n: torch.Generator().manual_seed(n),
    of=lambda v: torch.tensor(v, dtype=torch.float64), zeros=lambda *shape: torch.zeros(shape, dtype=torch.float64),
    none=0, sum=2, cpu=torch.device("cpu"), channels_last=torch.channels_last, __builtins__={},
    **{name: getattr(torch, name) for name in "add mul div gt sgn complex".split()},
    **{name: getattr(torch, name) for name in "float32 float64 int32 int64 complex64".split()})


def number(v):
    return v if not isinstance(v, float) or math.isfinite(v) else str(v)


def encode(v):
    if isinstance(v, torch.Tensor):
        out = {"tensor": str(v.dtype).removeprefix("torch."), "shape": list(v.shape)}
        if not v.is_contiguous():
            out["stride"] = list(v.stride())
        flat = torch.view_as_real(v.resolve_conj()) if v.is_complex() else v
        out["values"] = [number(x) for x in flat.reshape(-1).tolist()]
        return out
    if isinstance(v, torch.Generator):
        return {"seed": v.initial_seed()}
    if isinstance(v, (torch.dtype, torch.device, torch.memory_format)):
        return str(v).removeprefix("torch.")
    if isinstance(v, (list, tuple)):
        return [encode(x) for x in v]
    return number(v)


def cases(line):
    """The call of a line, and the same without what may be left out."""
    compare, name, args = re.fullmatch(r"(?:(\w+) )?([\w.]+)\((.*)\)", line).groups()
    base, _, overload = name.partition(".")
    op = getattr(getattr(torch.ops.aten, base), overload or "default")

    def arguments():
        given = {}

        def call(*args, **named):
            given.update({key.removesuffix("_") if key == "from_" else key: value for key, value in named.items()})
            given.update(zip((a.name for a in op._schema.arguments), args))

        eval(f"call({args})", NAMES | operands() | {"call": call})
        return given

    yield run(line, name, op, compare, arguments())
    given = arguments()
    few = {a.name: given[a.name] for a in op._schema.arguments if not a.has_default_value() and a.name in given}
    if few.get("generator"):
        few["generator"] = None
    if few.keys() != given.keys() or "generator" in few:
        try:
            yield run(name + " by default", name, op, compare, few)
        except RuntimeError:
            pass  # some need what their schema makes optional


def run(line, name, op, compare, given):
    order = [a for a in op._schema.arguments if a.name in given]
    assert len(order) == len(given), line
    case = {"call": line, "op": name, "args": [[a.name, encode(given[a.name])] for a in order]}
    if compare:
        case["compare"] = compare
    torch.manual_seed(0)
    result = given["self"].clone() if compare == "cuda" else op(**given)
    case["results"] = encode(result if isinstance(result, (list, tuple)) else [] if result is None else [result])
    if compare == "shape":
        for r in case["results"]:
            del r["values"]
    changed = [[a.name, encode(given[a.name])] for a in order if a.alias_info and a.alias_info.is_write]
    if changed:
        case["changed"] = changed
    return case


if __name__ == "__main__":
    torch.set_num_threads(1)
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.path.abspath(__file__)), "*.txt"))):
        out, seen = [], set()
        with open(path) as f:
            for line in f.read().splitlines():
                try:
                    for case in cases(line):
                        if case["call"] not in seen:
                            out.append(json.dumps(case, separators=(",", ":")))
                        seen.add(case["call"])
                except Exception as e:
                    print(f"{os.path.basename(path)}: {line}: {e}")
        with open(path.removesuffix("txt") + "json", "w") as f:
            f.write("[\n" + ",\n".join(out) + "\n]\n")
