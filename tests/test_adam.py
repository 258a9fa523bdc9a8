import subprocess
import sys

import pytest
import tiny
import torch

from pipeline.adam import EagerAdamW
from pipeline.source import ROOT

KINDS = ({"foreach": False}, {"foreach": True}, {"fused": True}, {"fused": True, "amsgrad": True})


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_adamw_to_the_bit(kind: dict[str, bool]) -> None:
    """Also through a state that was saved and loaded."""
    models = [tiny.model("lstm_attention") for _ in range(2)]
    settings = {"lr": 0.05, "eps": 1e-6, "weight_decay": 0.1, **kind}
    kinds = (torch.optim.AdamW, EagerAdamW)
    optimizers = [kind(model.parameters(), **settings) for kind, model in zip(kinds, models, strict=True)]
    for step in range(6):
        for place, model in enumerate(models):
            optimizer = optimizers[place]
            loss = model(*tiny.batch()).logits_BC.square().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step == 3:
                optimizers[place] = type(optimizer)(model.parameters(), **settings)
                optimizers[place].load_state_dict(optimizer.state_dict())
    for one, other in zip(models[0].parameters(), models[1].parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_fit_does_not_load_the_compiler() -> None:
    code = (
        "import sys; sys.path[:0] = ['tests', 'tests/training']\n"
        "import tempfile, pathlib, test_fit\n"
        "test_fit.train('attention_trainable', pathlib.Path(tempfile.mkdtemp()) / 'state', averaging=0.9)\n"
        "print([name for name in ('torch._dynamo', 'torch._inductor', 'sympy') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
