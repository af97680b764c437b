"""When Python looks for garbage: in a sandbox not before its first answer, and never among what was loaded.

It would look through all that is loaded while it grows, 33 times until the first answer of a refresh: a tenth
of the time to it. None of that is garbage. A sandbox keeps what it has loaded for as long as it lives.
"""

import gc
import os

# Here, as most is loaded after this module. Outside of a sandbox, in tests for one, nobody might end it.
if "LAMBDA_TASK_ROOT" in os.environ:
    gc.disable()


def look_for_it() -> None:
    """From now on, and not among what there is now: after the first answer. Later calls do nothing."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()
