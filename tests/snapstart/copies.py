"""Copies of a process that stand for sandboxes restored from one snapshot: the same memory and process id.

`os.fork` would not do. Python seeds `random` anew in its child, and OpenSSL its generator where the process
id is another: of a restore neither is told. So this is the bare system call, and each copy is process 1 of a
namespace of its own, as the one that is copied is. What differs: the copies have one kernel, and so one
source of chance and one clock; restored sandboxes have one each.
"""

import ctypes
import errno
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

_CLONE_NEWPID, _CLONE_NEWUSER = 0x20000000, 0x10000000
_SYS_CLONE = {"x86_64": 56, "aarch64": 220}


class NoNamespacesError(Exception):
    """This machine makes none for this user."""


def copied() -> int:
    """0 in the copy, which is process 1; its id in the process that was copied."""
    number = _SYS_CLONE.get(os.uname().machine) if sys.platform == "linux" else None
    if number is None:
        raise NoNamespacesError("no Linux on x86_64 or arm64")
    libc = ctypes.CDLL(None, use_errno=True)
    for flags in (_CLONE_NEWPID, _CLONE_NEWPID | _CLONE_NEWUSER):
        pid: int = libc.syscall(number, flags | signal.SIGCHLD, 0, 0, 0, 0)
        if pid >= 0:
            return pid
    raise NoNamespacesError(errno.errorcode[ctypes.get_errno()])


def told_by_a_copy(tell: Callable[[], Any]) -> Any:
    """What `tell` returns in a copy of this process, by JSON; process 1 there, as its own copies are."""
    reading, writing = os.pipe()
    pid = copied()
    if pid == 0:
        # Whatever happens: the copy must not go on with the caller's work.
        try:
            os.write(writing, json.dumps(tell()).encode())
            os._exit(0)
        except BaseException:  # noqa: BLE001 - written to the log of the process that is copied
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb") as told:
        text = told.read()
    _, status = os.waitpid(pid, 0)
    if status != 0:
        raise RuntimeError("the copy failed: its traceback is above")
    return json.loads(text)
