"""The local gateway: serves a SAM template's REST API on this machine, with its own functions and tables.

`python -m rescind_local` starts it; `start.py` is the order in which things come up.
"""
