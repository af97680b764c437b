"""The command line of scripts/prove-on-aws: what is proved where, and what may happen without a question."""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from prove_on_aws.throwaway import MADE_HERE, OUR_PARAMETERS

_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,127}")
_PARAMETER = re.compile(r"[A-Za-z0-9]+=.*", re.DOTALL)

_WHAT = """\
Prove a deployment on your own AWS account.

Without --stack it deploys a stack of its own, rescind-prove-<random>, in Environment=development, from what
`make build` has built; asks before that, and before it deletes it again. On it, it

  - runs tests/journeys over HTTP, and what they need of the tables with your credentials;
  - logs in and out in rounds, with several clients that go on asking, and measures for how long the revoked
    token gets through, against the bound that the stack states;
  - looks at what emulators cannot show: API Gateway's own 401, 404 and 503, TTL, the alias and SnapStart, how
    long logs are kept, and whether they have a password that it made, or a token that it got; those that the
    journeys get are not searched for;
  - writes a report, as JSON and to read, with neither secrets nor account ids.

With --stack and --existing it makes users of its own there (prove-<random>), deletes them at the end, and
touches no other. It leaves out the journeys, which change tables and keys, and the 503, which stops the
authorizer for some seconds. A stack that it has made and kept needs no --existing, and nothing is left out.

With its own stack go the log group, the layer version and what was uploaded for it. Two things stay: its KMS
key, pending deletion for 30 days, without cost; and, if this was the first, SAM's bucket in that region
(the stack aws-sam-cli-managed-default).
"""

_COSTS = """\
costs: some thousand requests, and a stack for a quarter of an hour: less than 0.50 USD by the prices of
docs/cost.md. With RevocationDelaySeconds above 0 a round takes that long, and asks some thousand times more.
A stack that was kept costs what docs/cost.md says of one that nobody asks.

exit codes: 0 all as promised; 1 something is not; 2 the command line is wrong, or lacks --existing; 3 this
command did not make the stack; 4 it could not be finished; 5 no access, no region, or no such stack; 130
stopped, or a question was not answered with yes.
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
    parameters: list[str]
    keep: bool
    yes: bool
    report: Path
    existing: bool


def parse(arguments: Sequence[str] | None = None) -> Options:
    """What was asked for.

    Raises:
        SystemExit: the command line is wrong, or asks for help.
    """
    parser = argparse.ArgumentParser("scripts/prove-on-aws", description=_WHAT, epilog=_COSTS)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("--stack", default="", help="a stack that is there, by its name")
    add("--existing", action="store_true", help="go on though this command has not made the stack")
    add("--region", help="the AWS region; else that of your environment")
    add("--profile", help="the AWS profile to use")
    local = "the stack of `make run`, without AWS"
    add("--local", type=int, nargs="?", const=3000, metavar="PORT", help=local)
    add("--rounds", type=int, default=5, help="how often the bound is measured (5)")
    add("--clients", type=int, default=8, help="how many ask at the same time (8)")
    parameter = "of the stack that it deploys, RevocationDelaySeconds=10, say; may be repeated"
    add("--parameter", dest="parameters", action="append", default=[], metavar="NAME=VALUE", help=parameter)
    add("--keep", action="store_true", help="do not delete the stack at the end")
    add("--yes", action="store_true", help="ask nothing")
    add("--report", type=Path, default=Path("prove-on-aws.json"), help="where to write it")
    given = Options(**vars(parser.parse_args(arguments)))
    for wrong in _wrong(given):
        parser.error(wrong)
    return given


def _wrong(given: Options) -> list[str]:
    """What cannot be, each with its cure."""
    there_already = given.stack or given.local is not None
    foreign = given.stack and not given.stack.startswith(MADE_HERE)
    asked = {
        "say --stack or --local, not both": given.stack and given.local is not None,
        f"{given.stack!r} is no name of a stack": given.stack and not _STACK.fullmatch(given.stack),
        f"{given.stack} was not made by this command. Its users are somebody's: say --existing if it may "
        "make users of its own there, and delete them again": foreign and not given.existing,
        "--existing goes with --stack": given.existing and not given.stack,
        "--parameter is for the stack that it deploys": given.parameters and there_already,
        "--parameter takes NAME=VALUE": not all(map(_PARAMETER.fullmatch, given.parameters)),
        f"{', '.join(sorted(OUR_PARAMETERS))} are set by this command": OUR_PARAMETERS
        & {each.partition("=")[0] for each in given.parameters},
        "--rounds is from 1 to 100": given.rounds not in range(1, 101),
        "--clients is from 1 to 50": given.clients not in range(1, 51),
        "--report ends in .json; what is to be read is beside it, as .txt": given.report.suffix != ".json",
    }
    return [wrong for wrong, is_so in asked.items() if is_so]
