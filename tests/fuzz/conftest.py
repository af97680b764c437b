"""Leaves out what needs atheris where there is none: `make soak` says so."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("atheris") else ["test_fuzzing.py"]
