"""`rescind`, the operator's command: it asks the stack's own functions, with the operator's AWS credentials.

It reads no table and holds no key. `stack.py` finds the functions and calls them, `commands/` has one module
for each group of commands, `screen.py` is how anything is shown. `doctor` also reads what AWS has of the
stack: `deployed.py`, which `examination.py` hands to `checks/`.
"""
