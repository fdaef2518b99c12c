"""Timing in turns: everyone runs once per round, so that drift of the machine's speed affects all; reports medians."""

import importlib
import os
import platform
import time

import numpy as np
import threadpoolctl


def medians(runs, rounds, pause=0.0):
    """The median seconds of each of ``runs``, functions that return the seconds they took, by name.

    With several threads there has to be a ``pause``: those of the one before go on waiting for work for a while, on a
    core that the next one needs.
    """
    times = {who: [] for who in runs}
    for _ in range(rounds):
        for who, run in runs.items():
            time.sleep(pause)
            times[who].append(run())
    return {who: float(np.median(seconds)) for who, seconds in times.items()}


def timed(call, repeats=1, clock=time.perf_counter):
    """A function that returns the seconds of one ``call``, which it makes so many times."""

    def seconds():
        start = clock()
        for _ in range(repeats):
            call()
        return (clock() - start) / repeats

    return seconds


def machine(*packages):
    """What a table was measured on: cores, each BLAS and the processor it takes this for, and versions.

    Only packages that are installed are named.
    """
    found = [f"{os.cpu_count()} cores", f"Python {platform.python_version()}"]
    for name in ("numpy", "scipy", "sklearn", "numba", *packages):
        try:
            found.append(f"{name} {importlib.import_module(name).__version__}")
        except ImportError:
            continue
    libraries = threadpoolctl.ThreadpoolController().select(user_api="blas").info()
    found += sorted({f"{each['internal_api']} {each['version']} for {each.get('architecture')}" for each in libraries})
    return ", ".join(found)
