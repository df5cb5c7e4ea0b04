"""Writes golden.json: token ids by the tokenizers package, vectors by a BERT in plain PyTorch, with the published
weights and with waves in their place.

Usage: make.py ids model/tokenizer.json; make.py vectors model/model.safetensors
(two steps, so that tokenizers and torch need not be in one environment)
"""
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
SENTENCES = [
    "a red bus", "a red bus, in flat style", "A man, riding a wave on top of a surfboard.", "", "   ",
    "Café naïve résumé Ångström", "ÀÉÎÕÜ e\u0301 ẛ\u0323 \u212b", "你好世界", "日本語 テスト", "한국어 문장", "😀 grinning face 🚌", "🚌",
    "unbelievably antidisestablishmentarianism", "it's John's; don't!", "x" * 100, "x" * 101, "zzyzxq qqqxw",
    "tab\tnew line\u00a0nbsp\u200bzero\u200dwidth", "control\x00\x01chars \ufffd end", "[CLS] hi [SEP] [MASK] [cls] [UNK]x hello[SEP]world [MASK ]",
    "3.14159 + 2e10 = $5,000 (50%)", "\ufb01 ligature Ⅷ ½ ² ℌ", "İstanbul ISTANBUL ß ẞ ſ", "Ελληνικά ΣΊΣΥΦΟΣ", "עברית שָׁלוֹם", "हिन्दी ไทย",
    "a—b–c…d “quoted” «guillemets» ¿qué?", "𠀀𠀁 rare", "\u3000ideographic\u2028line\u2029para", "one two three " * 120, "##ing ##s ^`~|<>$+=",
    "soft\u00adhyphen ❤️ #️⃣ 1️⃣", "private \ue000 use, unassigned \u0378", "Ǆǅǆ Ŀ ŉ a\u0345b",
]


def ids(tokenizer):
    import tokenizers

    t = tokenizers.Tokenizer.from_file(tokenizer)
    t.no_padding()
    t.enable_truncation(256)
    return [{"text": s, "ids": t.encode(s).ids} for s in SENTENCES]


def names():
    yield from (f"embeddings.{kind}_embeddings.weight" for kind in ("word", "position", "token_type"))
    modules = ["embeddings.LayerNorm"]
    for i in range(6):
        for m in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
                  "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output.LayerNorm"):
            modules.append(f"encoder.layer.{i}.{m}")
    for m in modules:
        yield from (m + ".weight", m + ".bias")


def waves(published):
    import torch

    out = {}
    for phase, name in enumerate(names()):
        p = published[name]
        centre, scale = 0.0, 0.1
        if p.dim() > 1:
            scale = (2 / (p.numel() // p.shape[0])) ** 0.5
        elif name.endswith("weight"):
            centre = 1.0
        out[name] = (torch.sin(torch.arange(p.numel(), dtype=torch.float64) * 0.37 + phase) * scale + centre).float().double().view(p.shape)
    return out


def vectors(w, cases, key):
    import torch
    import torch.nn.functional as F

    def linear(x, name):
        return x @ w[name + ".weight"].T + w[name + ".bias"]

    def norm(x, name):
        mean, var = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
        return (x - mean) / (var + 1e-12).sqrt() * w[name + ".weight"] + w[name + ".bias"]

    def encode(ids):  # one sentence, without padding
        n = len(ids)
        e = "embeddings."
        x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][:n] + w[e + "token_type_embeddings.weight"][0]
        x = norm(x, e + "LayerNorm")
        for i in range(6):
            p = f"encoder.layer.{i}."
            q, k, v = (linear(x, p + "attention.self." + s).view(n, 12, 32).transpose(0, 1) for s in ("query", "key", "value"))
            a = ((q @ k.transpose(1, 2)) / 32**0.5).softmax(-1) @ v
            x = norm(x + linear(a.transpose(0, 1).reshape(n, 384), p + "attention.output.dense"), p + "attention.output.LayerNorm")
            h = linear(x, p + "intermediate.dense")
            h = h * 0.5 * (1 + torch.erf(h / 2**0.5))
            x = norm(x + linear(h, p + "output.dense"), p + "output.LayerNorm")
        return F.normalize(x.mean(0), dim=0)

    for c in cases:
        # A few values of each vector, and its products with four fixed waves, which depend on all of them.
        v = encode(c["ids"])
        probes = torch.stack([torch.sin(torch.arange(384, dtype=torch.float64) * f) for f in (0.1, 0.7, 1.3, 2.9)])
        c[key] = [round(x, 9) for x in torch.cat([v[:8], probes @ v]).tolist()]


if __name__ == "__main__":
    golden = HERE / "golden.json"
    if sys.argv[1] == "ids":
        cases = ids(sys.argv[2])
    else:
        from safetensors.torch import load_file

        cases = json.loads(golden.read_text())
        published = {k: v.double() for k, v in load_file(sys.argv[2]).items() if v.is_floating_point()}
        vectors(published, cases, "published")
        vectors(waves(published), cases, "waves")
    golden.write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
