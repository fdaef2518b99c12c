"""Python in a process of its own, for what must not happen in the one that runs the tests, or has happened there."""

import os
import subprocess
import sys
from pathlib import Path

import skbackprop

ROOT = Path(skbackprop.__file__).parents[1]


def python(*arguments, cwd=None, timeout=300, **environment):
    """Run ``python *arguments`` on the package under test, and return what came out, if it ended well.

    Parameters
    ----------
    *arguments : str or path
        As on a command line: ``"-c", code`` or a file, and options before, arguments after it.
    cwd : path, default=None
    timeout : float, default=300
        Seconds until it is ended.
    **environment : str
        Variables that differ from those of the tests.

    Returns
    -------
    subprocess.CompletedProcess
        With text in ``stdout`` and ``stderr``.
    """
    variables = os.environ | {"PYTHONPATH": str(ROOT)} | environment
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=variables, timeout=timeout, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done
