"""AdamW that does not load torch's compiler, which this project never uses: two seconds less for every process."""

from inspect import unwrap

import torch
from torch.optim import Adam, AdamW, Optimizer


class EagerAdamW(AdamW):
    """AdamW (Loshchilov & Hutter 2019) as torch computes it, to the bit.

    In torch 2.13 some methods of an optimizer are wrapped by a function that imports ``torch._dynamo`` before it calls
    them, to hide them from the compiler. These are the same methods without that wrapper.
    """

    step = torch.no_grad()(unwrap(Adam.step))
    add_param_group = unwrap(Optimizer.add_param_group)
    zero_grad = unwrap(Optimizer.zero_grad)
    state_dict = unwrap(Optimizer.state_dict)
    load_state_dict = unwrap(Optimizer.load_state_dict)
