"""The command line of scripts/prove-on-aws: what is proved where, and what may happen without a question."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MADE_HERE = "rescind-prove-"
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_PARAMETER = re.compile(r"[A-Za-z0-9]+=.*", re.DOTALL)
_OURS = {"Environment", "AllowedOrigins", "MaxSessionsPerUser", "CanaryMinutes"}

_WHAT = """\
Prove a deployment on your own AWS account.

Without --stack it deploys a stack of its own, rescind-prove-<random>, in Environment=development, from what
`make build` has built; asks before that, and before it deletes it again. On it, it

  - runs tests/journeys over HTTP, and what they need of the tables with your credentials;
  - logs in and out in rounds, with several clients that go on asking, and measures for how long the revoked
    token gets through, against the bound that the stack states;
  - looks at what emulators cannot show: API Gateway's own 401, 404 and 503, TTL, the alias and SnapStart, how
    long logs are kept, and whether a token or password that it used is in the logs;
  - writes a report, as JSON and to read, with neither secrets nor account ids.

With --stack and --existing it makes users of its own there (prove-<random>), deletes them at the end, and
touches no other. It leaves out the journeys, which change tables and keys, and the 503, which stops the
authorizer for some seconds. A stack that it has made and kept needs no --existing, and nothing is left out.
"""

_COSTS = """\
costs: some thousand requests, and a stack for a quarter of an hour: less than 0.50 USD by the prices of
docs/cost.md. With RevocationDelaySeconds above 0 a round takes that long, and asks some thousand times more.
A stack that was kept costs 7 USD a month.

exit codes: 0 all as promised; 1 something is not; 2 the command line is wrong; 3 the stack is somebody's;
4 it could not be finished; 5 no access, or no such stack; 130 stopped, or a question was not answered
with yes.
"""


@dataclass(frozen=True)
class Options:
    stack: str
    """Empty: one of its own."""
    region: str | None
    profile: str | None
    local: int | None
    """The port of `make run`, to try this out without AWS."""
    rounds: int
    clients: int
    parameters: tuple[str, ...]
    keep: bool
    yes: bool
    report: Path
    existing: bool


def parse(arguments: Sequence[str] | None = None) -> Options:
    """What was asked for.

    Raises:
        SystemExit: the command line is wrong, or asks for help.
    """
    parser = argparse.ArgumentParser(
        prog="scripts/prove-on-aws",
        description=_WHAT,
        epilog=_COSTS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--stack", default="", help="a stack that is there, by its name")
    parser.add_argument(
        "--existing", action="store_true", help="go on though this command has not made the stack"
    )
    parser.add_argument("--region", help="the AWS region; else that of your environment")
    parser.add_argument("--profile", help="the AWS profile to use")
    parser.add_argument(
        "--local",
        type=int,
        nargs="?",
        const=3000,
        metavar="PORT",
        help="the stack of `make run`, without AWS",
    )
    parser.add_argument("--rounds", type=int, default=5, help="how often the bound is measured (5)")
    parser.add_argument("--clients", type=int, default=8, help="how many ask at the same time (8)")
    parser.add_argument(
        "--parameter",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the stack that it deploys, RevocationDelaySeconds=10, say; may be repeated",
    )
    parser.add_argument("--keep", action="store_true", help="do not delete the stack at the end")
    parser.add_argument("--yes", action="store_true", help="ask nothing")
    parser.add_argument("--report", type=Path, default=Path("prove-on-aws.json"), help="where to write it")
    given = parser.parse_args(arguments)
    for wrong in _wrong(given):
        parser.error(wrong)
    return Options(
        stack=given.stack,
        region=given.region,
        profile=given.profile,
        local=given.local,
        rounds=given.rounds,
        clients=given.clients,
        parameters=tuple(given.parameter),
        keep=given.keep,
        yes=given.yes,
        report=given.report,
        existing=given.existing,
    )


def _wrong(given: argparse.Namespace) -> list[str]:
    """What cannot be, each with its cure."""
    there_already = given.stack or given.local is not None
    foreign = given.stack and not given.stack.startswith(MADE_HERE)
    asked = {
        "say --stack or --local, not both": given.stack and given.local is not None,
        f"{given.stack!r} is no name of a stack": given.stack and not _STACK.fullmatch(given.stack),
        f"{given.stack} was not made by this command. Its users are somebody's: say --existing if it may "
        "make users of its own there, and delete them again": foreign and not given.existing,
        "--existing goes with --stack": given.existing and not given.stack,
        "--parameter is for the stack that it deploys": given.parameter and there_already,
        "--parameter takes NAME=VALUE": not all(map(_PARAMETER.fullmatch, given.parameter)),
        f"{', '.join(sorted(_OURS))} are set by this command": _OURS
        & {each.partition("=")[0] for each in given.parameter},
        "--rounds is from 1 to 100": given.rounds not in range(1, 101),
        "--clients is from 1 to 50": given.clients not in range(1, 51),
        "--report ends in .json; what is to be read is beside it, as .txt": given.report.suffix != ".json",
    }
    return [wrong for wrong, is_so in asked.items() if is_so]
