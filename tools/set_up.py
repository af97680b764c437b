"""Makes .venv and installs pinned requirements into it. `make` runs it, with whatever python3 there is."""

# Written for old Pythons too: it is this file that has to tell them that they are too old.
import os
import shutil
import subprocess
import sys

NEEDED = (3, 11)


def main(folder: str, requirements: str) -> None:
    if sys.version_info < NEEDED:
        _run_by_a_newer_python()
    python = os.path.join(folder, "bin", "python")
    if not os.path.exists(python):
        try:
            import ensurepip  # noqa: F401
            import venv  # noqa: F401
        except ImportError:
            sys.exit("This Python has no venv. On Debian and Ubuntu: apt-get install python3-venv.")
        print("Making %s with Python %s.%s ..." % ((folder,) + sys.version_info[:2]))
        subprocess.check_call([sys.executable, "-m", "venv", folder])
    print("Installing %s, which takes about a minute and is done once ..." % requirements)
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    # The file is the whole answer: every package, each with its hashes. There is nothing to resolve.
    install += ["--no-deps", "--require-hashes", "-r", requirements]
    done = subprocess.run(install, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stderr.decode(errors="replace"))
        sys.exit("pip could not install %s; its own words are above." % requirements)


def _run_by_a_newer_python() -> None:
    for name in ("python3.13", "python3.12", "python3.11"):
        found = shutil.which(name)
        if found and subprocess.call([found, "-c", ""]) == 0:
            os.execv(found, [found] + sys.argv)
    sys.exit(
        "Rescind needs Python 3.11 or newer; this is %s.%s. Name one: make run PYTHON=/path/to/python3"
        % sys.version_info[:2]
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
