"""What scripts/prove-on-aws takes, and refuses before it does anything."""

import subprocess
from pathlib import Path

import pytest

from prove_on_aws.options import parse

SCRIPT = Path(__file__).parents[2] / "scripts" / "prove-on-aws"


def test_without_a_stack_it_makes_one_of_its_own() -> None:
    options = parse([])

    assert (options.stack, options.local, options.existing, options.yes, options.keep) == (
        "",
        None,
        False,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(["--stack", "rescind"], "say --existing", id="somebodys-stack"),
        pytest.param(["--stack", "a b", "--existing"], "no name of a stack", id="no-name"),
        pytest.param(["--stack", "rescind-prove-1", "--local"], "not both", id="both"),
        pytest.param(["--existing"], "goes with --stack", id="existing-what"),
        pytest.param(["--local", "--parameter", "A=1"], "that it deploys", id="parameter-of-what-is-there"),
        pytest.param(["--parameter", "A"], "NAME=VALUE", id="no-parameter"),
        pytest.param(["--parameter", "Environment=production"], "set by this command", id="protected"),
        pytest.param(["--parameter", "Architecture=arm64"], "set by this command", id="as-built"),
        pytest.param(["--rounds", "0"], "from 1 to 100", id="no-round"),
        pytest.param(["--clients", "51"], "from 1 to 50", id="too-many-clients"),
        pytest.param(["--report", "report.txt"], ".json", id="report"),
    ],
)
def test_what_cannot_be_is_refused_with_its_cure(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)

    assert ended.value.code == 2
    assert said in " ".join(capsys.readouterr().err.split())


def test_a_stack_that_it_made_needs_no_further_word() -> None:
    assert parse(["--stack", "rescind-prove-0123abcd"]).stack == "rescind-prove-0123abcd"


@pytest.mark.proof
def test_its_help_says_what_it_does_and_what_it_costs() -> None:
    said = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603 - our own script

    for promised in (
        "rescind-prove-",
        "touches no other",
        "0.50 USD",
        "--yes",
        "exit codes",
        "pending deletion",
    ):
        assert promised in " ".join(said.split())
