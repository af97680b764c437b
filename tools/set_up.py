"""Makes an environment and installs pinned requirements. `make` runs it, with whatever python3 there is."""

# Old Pythons must be able to read this file, as it is the one to tell them that they are too old.
import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)
AGAIN = "Then run the same command again; `make clean` starts afresh."


def main(folder, requirements):
    if sys.version_info < NEEDED:
        run_by_a_newer_python()
    import fcntl

    with open(folder + ".lock", "w") as lock:
        # Two terminals may start at once on a fresh checkout.
        fcntl.flock(lock, fcntl.LOCK_EX)
        make(folder)
        install(folder, requirements)
    open(os.path.join(folder, requirements + ".ok"), "w").close()


def make(folder):
    if is_sound(folder):
        return
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        sys.exit("This Python has no venv. On Debian and Ubuntu: apt-get install python3-venv. " + AGAIN)
    print("Making %s with Python %s.%s ..." % ((folder,) + sys.version_info[:2]))
    run([sys.executable, "-m", "venv", "--clear", folder], "The environment could not be made. " + AGAIN)


def is_sound(folder):
    """Whether an environment is there, whole, and of a Python that will do."""
    python = os.path.join(folder, "bin", "python")
    check = "import sys, pip; sys.exit(sys.version_info < %r)" % (NEEDED,)
    return os.path.exists(python) and subprocess.call([python, "-c", check], stderr=subprocess.DEVNULL) == 0


def install(folder, requirements):
    print("Installing %s, once ..." % requirements)
    # The file is the whole answer: every package, each with its hashes. There is nothing to resolve.
    pip = [os.path.join(folder, "bin", "python"), "-m", "pip", "install", "--quiet", "--retries", "2"]
    pip += ["--disable-pip-version-check", "--no-deps", "--require-hashes", "-r", requirements]
    cure = "If pip found no versions at all, it is the network, or a proxy that it was not told of. "
    run(pip, "%s could not be installed. %s%s" % (requirements, cure, AGAIN))


def run(command, failure):
    """Run it; what it says is shown only when it fails."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode(errors="replace"))
        sys.exit(failure)


def run_by_a_newer_python():
    which = getattr(shutil, "which", lambda _: None)  # Python 2 has none
    for name in ("python3.13", "python3.12", "python3.11"):
        found = which(name)
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found] + sys.argv)
    sys.exit(
        "Rescind needs Python 3.11 or newer, and this is %s.%s. Add PYTHON=/path/to/python3 to the command."
        % sys.version_info[:2]
    )


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
