"""`python -m rescind_cli`, and the console script `rescind`."""

import sys


def main() -> None:
    try:
        from rescind_cli.app import app  # noqa: PLC0415 - who installed the package for its tests has no typer
    except ModuleNotFoundError as error:
        sys.exit(f"There is no {error.name}: pip install '.[cli]' in Rescind's checkout.")
    app(prog_name="rescind")


if __name__ == "__main__":
    main()
