"""A language model of characters, learnt from the docstrings of Python's standard library.

The network reads a text character by character and says at every one which comes next. What it is worth is told in bits
per character of docstrings that it has not seen, beside the entropy of single characters, which knows how often each
occurs, and a compressor that has the training text at hand. Then it writes.

Run it with ``python examples/character_model.py``.
"""

import importlib
import inspect
import lzma
import time
from collections import Counter

import numpy as np

from skbackprop import BatchRNNClassifier

MODULES = """argparse asyncio collections concurrent.futures configparser contextlib csv dataclasses datetime decimal
difflib email.message enum fractions functools gzip hashlib heapq html.parser http.client inspect io ipaddress itertools
json logging mailbox math multiprocessing.managers operator os pathlib pickle pickletools platform pprint random re sched
selectors shelve shutil smtplib socket sqlite3 statistics string subprocess tarfile tempfile textwrap threading timeit
trace tracemalloc turtle types typing unittest unittest.mock urllib.parse urllib.request uuid weakref
xml.dom.minidom xml.etree.ElementTree zipfile""".split()
RARE, END = "¤", "\n\n\n"
STEPS = 80


def docstrings():
    """Those of modules, their classes and functions, and the methods of the classes, each once."""
    found = set()
    for name in MODULES:
        module = importlib.import_module(name)
        objects = [module, *(one for _, one in sorted(vars(module).items(), key=lambda item: item[0]) if callable(one))]
        objects += [method for one in objects if isinstance(one, type) for method in vars(one).values()]
        found |= {inspect.cleandoc(one.__doc__) for one in objects if isinstance(getattr(one, "__doc__", None), str)}
    return sorted(text for text in found if len(text) > 40)
