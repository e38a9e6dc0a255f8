# SPDX-License-Identifier: Apache-2.0
"""The works of works.c in PyTorch, eager and compiled (torch.jit): prints a line for each, of
milliseconds a step, of CPU time, the mean size of the result's elements, and a name.
usage: work_peer.py WORK BATCH THREADS. Exits with 2 when there is no PyTorch."""
import math
import sys
import time

try:
    import numpy as np
    import torch
    from torch import nn
    import torch.nn.functional as F
except ImportError:
    sys.exit(2)

WORK, BATCH, THREADS = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
STEPS, IN, UNITS = 50, 128, 256
torch.set_num_threads(THREADS)
SECONDS = 1.5


# ---- the numbers of works.c ----
def hashes(name, n):
    h = 2166136261
    for c in name.encode():
        h = (h ^ c) * 16777619 & 0xFFFFFFFF
    x = np.arange(n, dtype=np.uint32) + np.uint32(h)
    for shift, by in ((16, 0x7FEB352D), (15, 0x846CA68B)):
        x = (x ^ x >> np.uint32(shift)) * np.uint32(by)
    return x ^ x >> np.uint32(16)


def numbers(name, scale, *dims):
    unit = (hashes(name, math.prod(dims)) >> np.uint32(8)).astype(np.float32) / np.float32(1 << 23) - np.float32(1)
    return torch.from_numpy((unit * np.float32(scale)).reshape(dims))


# ---- recurrent layers ----
def gates(name, order, bias=-1):
    """Weights of the input, of the state, and biases, as PyTorch orders gates."""
    n = max(order) + 1
    k = numbers("w_" + name, 0.06, IN + UNITS, n, UNITS)[:, order].reshape(IN + UNITS, -1).t()
    b = numbers("w_b" + name, 0.1, n, UNITS)
    if bias >= 0:
        b[bias] += 1
    return k[:, :IN], k[:, IN:], b[order].reshape(-1)


def load(layer, w, r, b):
    with torch.no_grad():
        layer.weight_ih_l0.copy_(w)
        layer.weight_hh_l0.copy_(r)
        layer.bias_ih_l0.copy_(b)
        layer.bias_hh_l0.zero_()


class First(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


def lstm():
    layer = nn.LSTM(IN, UNITS)
    load(layer, *gates("gates", [0, 2, 1, 3], 2))
    return First(layer), numbers("x", 1, STEPS, BATCH, IN)


def gru():
    """PyTorch resets behind the product, TensorFlow before: same work, other numbers."""
    layer = nn.GRU(IN, UNITS)
    load(layer, *(torch.cat(p) for p in zip(gates("ru", [0, 1]), gates("cand", [0]))))
    return First(layer), numbers("x", 1, STEPS, BATCH, IN)


# ---- serving ----
def dense(name, inputs, outputs):
    layer = nn.Linear(inputs, outputs)
    with torch.no_grad():
        layer.weight.copy_(numbers("w_" + name, 0.03 if inputs > 2000 else 0.06, inputs, outputs).t())
        layer.bias.copy_(numbers("w_b" + name, 0.1, outputs))
    return layer


class Wide(nn.Module):
    def __init__(self):
        super().__init__()
        self.tables = nn.ParameterList(numbers(f"w_table{i}", 0.5, 10000, 32) for i in range(40))
        self.d1, self.d2, self.out = dense("d1", 1280, 1024), dense("d2", 1024, 256), dense("out", 256, 1)

    def forward(self, x):
        parts = []
        for i, table in enumerate(self.tables):
            if i < 26:
                parts.append(F.embedding(x[:, i], table))
            else:
                at = 26 + (i - 26) * 4
                parts.append(F.embedding_bag(x[:, at:at + 4], table, mode="mean"))
        y = F.relu(self.d2(F.relu(self.d1(torch.cat(parts, 1)))))
        return torch.sigmoid(self.out(y))


def norm(name):
    layer = nn.LayerNorm(768, 1e-12)
    with torch.no_grad():
        layer.weight.copy_(numbers("w_g" + name, 1, 768))
        layer.bias.copy_(numbers("w_s" + name, 0.2, 768))
    return layer


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.o = (dense(n, 768, 768) for n in "qkvo")
        self.up, self.down = dense("up", 768, 3072), dense("down", 3072, 768)
        self.ln1, self.out = norm("ln1"), norm("out")
        self.mask = nn.Parameter(numbers("w_mask", 1, BATCH, 1, 1, 128))

    def heads(self, y):
        return y.view(-1, 128, 12, 64).transpose(1, 2)

    def forward(self, x):
        flat = x.view(-1, 768)
        q, k, v = self.heads(self.q(flat)), self.heads(self.k(flat)), self.heads(self.v(flat))
        probs = torch.softmax(torch.matmul(q, k.transpose(2, 3)) * 0.125 + self.mask, -1)
        joined = torch.matmul(probs, v).transpose(1, 2).reshape(-1, 768)
        y = self.ln1(self.o(joined) + flat)
        return self.out(self.down(F.gelu(self.up(y))) + y)


# ---- training ----
class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = dense("l1", 784, 512), dense("l2", 512, 256), dense("l3", 256, 10)

    def forward(self, x):
        return self.l3(F.relu(self.l2(F.relu(self.l1(x)))))


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 32, 5, padding=2), nn.Conv2d(32, 64, 5, padding=2)
        self.l1, self.l2 = dense("l1", 3136, 512), dense("l2", 512, 10)
        with torch.no_grad():
            for name, scale, dims in (("c1", 0.2, (5, 5, 1, 32)), ("c2", 0.06, (5, 5, 32, 64))):
                getattr(self, name).weight.copy_(numbers("w_" + name, scale, *dims).permute(3, 2, 0, 1))
                getattr(self, name).bias.copy_(numbers("w_b" + name, 0.1, dims[3]))
            w = self.l1.weight.view(512, 7, 7, 64).permute(0, 3, 1, 2)
            self.l1.weight.copy_(w.reshape(512, 3136))

    def forward(self, x):
        y = F.max_pool2d(F.relu(self.c1(x.view(-1, 1, 28, 28))), 2)
        y = F.max_pool2d(F.relu(self.c2(y)), 2)
        return self.l2(F.relu(self.l1(y.flatten(1))))


# ---- timing ----
def report(step, name, value):
    best = cpu = math.inf
    end = time.perf_counter() + SECONDS
    rounds = 0
    while rounds < 5 or time.perf_counter() < end:
        start, used = time.perf_counter(), time.process_time()
        step()
        best = min(best, time.perf_counter() - start)
        cpu = min(cpu, time.process_time() - used)
        rounds += 1
    print(f"{best * 1e3:.4f} {cpu * 1e3:.4f} {value:.8g} PyTorch {name}", flush=True)


def serve(make):
    net, x = make()
    net.eval()
    with torch.no_grad():
        compiled = torch.jit.optimize_for_inference(torch.jit.trace(net, x))
        for name, f in (("eager", net), ("compiled", compiled)):
            for _ in range(3):
                y = f(x)
            report(lambda: f(x), name, y.abs().mean().item())


def train(make):
    x = numbers("x", 1, BATCH, 784)
    labels = torch.arange(BATCH) * 7 % 10
    for name in ("eager", "compiled"):
        net = make()
        f = torch.jit.trace(net, x) if name == "compiled" else net
        adam = torch.optim.Adam(net.parameters(), 0.001, foreach=name == "compiled")

        def step():
            adam.zero_grad(set_to_none=True)
            loss = F.cross_entropy(f(x), labels)
            loss.backward()
            adam.step()
            return loss

        for _ in range(5):
            loss = step()
        report(step, name, loss.item())


RNN = {"lstm_loop": lstm, "lstm_cell_loop": lstm, "block_lstm": lstm, "gru_loop": gru, "gru_cell_loop": gru}
if WORK in RNN:
    serve(RNN[WORK])
elif WORK == "wide":
    serve(lambda: (Wide(), torch.from_numpy((hashes("x", BATCH * 82) % 10000).astype(np.int64).reshape(BATCH, 82))))
elif WORK == "attention":
    serve(lambda: (Attention(), numbers("x", 1, BATCH, 128, 768)))
elif WORK == "layer_norm":
    serve(lambda: (norm("out"), numbers("x", 1, BATCH, 128, 768)))
elif WORK == "gelu":
    serve(lambda: (nn.GELU(), numbers("x", 1, BATCH, 128, 3072)))
else:
    train({"train_mlp": Mlp, "train_cnn": Cnn}[WORK])
