"""Slow twins of pipeline/models: loops over reviews and tokens in Python floats, written from the equations."""

import math

Vector = list[float]
Matrix = list[Vector]


def dot(left: Vector, right: Vector) -> float:
    return sum(a * b for a, b in zip(left, right, strict=True))


def softmax(scores: Vector) -> Vector:
    largest = max(scores)
    exponentials = [math.exp(score - largest) for score in scores]
    return [value / sum(exponentials) for value in exponentials]


def sparsemax(scores: Vector) -> Vector:
    """max(z - tau, 0) with the tau that makes the sum 1, found by halving (Martins & Astudillo 2016, equation 2)."""
    low, high = max(scores) - 1, max(scores)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(max(z - middle, 0.0) for z in scores) > 1 else (low, middle)
    return [max(z - high, 0.0) for z in scores]


NORMALISERS = {"softmax": softmax, "sparsemax": sparsemax}


def entropy(weights: Vector) -> float:
    return -sum(w * math.log(w) for w in weights if w > 0)


def mean(vectors: Matrix) -> Vector:
    return [sum(column) / len(vectors) for column in zip(*vectors, strict=True)]


def weighted(weights: Vector, vectors: Matrix) -> Vector:
    return [sum(w * x for w, x in zip(weights, column, strict=True)) for column in zip(*vectors, strict=True)]


def linear(weight: Matrix, bias: Vector, vector: Vector) -> Vector:
    return [dot(row, vector) + b for row, b in zip(weight, bias, strict=True)]


def relu(vector: Vector) -> Vector:
    return [max(0.0, x) for x in vector]


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def lstm(parameters: dict[str, Matrix], vectors: Matrix) -> Matrix:
    """Hochreiter & Schmidhuber 1997, with torch's order of gates: input, forget, cell, output."""
    hidden = len(parameters["weight_hh_l0"][0])
    h, c, states = [0.0] * hidden, [0.0] * hidden, []
    for x in vectors:
        from_input = linear(parameters["weight_ih_l0"], parameters["bias_ih_l0"], x)
        from_state = linear(parameters["weight_hh_l0"], parameters["bias_hh_l0"], h)
        gates = [a + b for a, b in zip(from_input, from_state, strict=True)]
        i, f, g, o = (gates[k * hidden : (k + 1) * hidden] for k in range(4))
        c = [sigmoid(f[k]) * c[k] + sigmoid(i[k]) * math.tanh(g[k]) for k in range(hidden)]
        h = [sigmoid(o[k]) * math.tanh(c[k]) for k in range(hidden)]
        states.append(h)
    return states


def gru(parameters: dict[str, Matrix], vectors: Matrix) -> Matrix:
    """Cho et al. 2014, with torch's order of gates: reset, update, new."""
    hidden = len(parameters["weight_hh_l0"][0])
    h, states = [0.0] * hidden, []
    for x in vectors:
        a = linear(parameters["weight_ih_l0"], parameters["bias_ih_l0"], x)
        b = linear(parameters["weight_hh_l0"], parameters["bias_hh_l0"], h)
        reset = [sigmoid(a[k] + b[k]) for k in range(hidden)]
        update = [sigmoid(a[k] + b[k]) for k in range(hidden, 2 * hidden)]
        new = [math.tanh(a[2 * hidden + k] + reset[k] * b[2 * hidden + k]) for k in range(hidden)]
        h = [(1 - update[k]) * new[k] + update[k] * h[k] for k in range(hidden)]
        states.append(h)
    return states


CELLS = {"lstm": lstm, "gru": gru}


def attend(query: Vector, keys: Matrix, values: Matrix, normaliser: str = "softmax") -> tuple[Vector, Vector]:
    """Mean weights, and contexts of all heads, of one review: softmax(q . k_t), sum of weight times value."""
    size = len(keys[0])
    heads = [query[start : start + size] for start in range(0, len(query), size)]
    weights = [NORMALISERS[normaliser]([dot(head, key) for key in keys]) for head in heads]
    return mean(weights), [x for own in weights for x in weighted(own, values)]
