"""`python -m rescind_cli`, and the console script `rescind`."""

from rescind_cli.app import app


def main() -> None:
    app(prog_name="rescind")


if __name__ == "__main__":
    main()
