"""A language model of characters, learnt from the docstrings of Python's standard library.

The network reads a text character by character and predicts which one comes next. It is measured in bits per character
on docstrings that it has not seen, and compared with the entropy of single characters, which depends only on how often
each occurs, and with a compressor that has the training text at hand. Then it writes a text of its own.

Run it with ``python examples/character_model.py``.
"""

import importlib
import inspect
import lzma
import time
from collections import Counter

import numpy as np

from skbackprop import BatchRNNClassifier

MODULES = (
    "argparse asyncio collections concurrent.futures configparser contextlib csv dataclasses datetime decimal "
    "difflib email.message enum fractions functools heapq http.client inspect io ipaddress itertools json logging "
    "math operator os pathlib pickle platform pprint random re shutil socket statistics string subprocess tarfile "
    "tempfile textwrap threading unittest urllib.request uuid weakref zipfile"
)
RARE, END = "¤", "\n\n\n"
STEPS = 80


def docstrings():
    """Those of modules, their classes and functions, and the methods of the classes, each once."""
    found = set()
    for name in MODULES.split():
        module = importlib.import_module(name)
        objects = [module, *(one for one in vars(module).values() if callable(one))]
        objects += [method for one in objects if isinstance(one, type) for method in vars(one).values()]
        found |= {inspect.cleandoc(one.__doc__) for one in objects if isinstance(getattr(one, "__doc__", None), str)}
    return sorted(text for text in found if len(text) > 40)


def split():
    """Training and held-out text, a few docstrings in every hundred; characters seen less than 50 times are one."""
    texts = docstrings()
    chosen = np.random.default_rng(0).permutation(len(texts)) < 0.04 * len(texts)
    train, test = (END.join(np.array(texts, object)[rows]) + END for rows in (~chosen, chosen))
    known = {character for character, count in Counter(train).items() if count >= 50}
    return ("".join(character if character in known else RARE for character in text) for text in (train, test))


def windows(tokens, steps):
    """Rows of tokens, and of the token that comes after each; what does not fill a row is left out."""
    n = (len(tokens) - 1) // steps
    return tokens[: n * steps].reshape(n, steps), tokens[1 : n * steps + 1].reshape(n, steps)


def compressed(text):
    return len(lzma.compress(text.encode(), preset=lzma.PRESET_EXTREME))


def write(model, alphabet, opening, length, sharpness, rng):
    """Go on from an opening; the sharper, the more the likely characters are preferred."""
    text, state = opening, None
    X = np.array([[alphabet.index(character) for character in opening]])
    for _ in range(length):
        p, state = model.predict_next(X, state)
        p = p[0] ** sharpness
        X = np.array([[rng.choice(len(p), p=p / p.sum())]])
        text += alphabet[X[0, 0]]
    return text


def main():
    train, test = split()
    alphabet = sorted(set(train))
    train_tokens, test_tokens = (np.array([alphabet.index(character) for character in text]) for text in (train, test))
    model = BatchRNNClassifier(
        cell="gru",
        hidden_layer_sizes=(128,),
        embedding=32,
        return_sequences=True,
        learning_rate="one_cycle",
        learning_rate_init=0.01,
        batch_size=32,
        max_iter=2,
        random_state=0,
    )
    start = time.perf_counter()
    model.fit(*windows(train_tokens, STEPS))
    print(f"{len(train)} characters read twice in {time.perf_counter() - start:.0f} s; {len(alphabet)} different ones")
    X, y = windows(test_tokens, 1000)
    p = np.take_along_axis(model.predict_proba(X), y[:, :, None], axis=2)
    frequencies = np.bincount(train_tokens) / len(train_tokens)
    print(f"bits per character of {y.size} held-out ones:")
    print(f"  each by how often it occurs   {-np.log2(frequencies[y]).mean():.2f}")
    print(f"  compressed after the training {8 * (compressed(train + test) - compressed(train)) / len(test):.2f}")
    print(f"  network                       {-np.log2(p).mean():.2f}\n")
    print(write(model, alphabet, "Return the ", 600, 1.8, np.random.default_rng(0)))


if __name__ == "__main__":
    main()
