"""`scripts/prove-on-aws`: in which order what is proved, and what is cleaned up whatever happens."""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from subprocess import TimeoutExpired

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from prove_on_aws import answers, bound, journeys, logs, steps
from prove_on_aws.api import Api
from prove_on_aws.options import Options, parse
from prove_on_aws.people import People, people_of
from prove_on_aws.report import Report
from prove_on_aws.steps import NotAsPromisedError
from prove_on_aws.throwaway import Throwaway, made_here, new_throwaway
from rescind.unavailable import UnavailableError
from rescind_cli.aws_errors import in_our_words
from rescind_cli.checks.findings import Finding, fault, not_checked
from rescind_cli.deployed import Deployed, NotReadError
from rescind_cli.errors import CommandError, Exit
from rescind_cli.examination import examine
from rescind_cli.stack import Stack, deployed_stack, local_stack


def main(arguments: Sequence[str] | None = None) -> int:
    options = parse(arguments)
    try:
        if options.stack or options.local is not None:
            return prove(_stack_of(options), options)
        return _on_a_stack_of_its_own(options)
    except CommandError as error:
        print(error, file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def _stack_of(options: Options) -> Stack:
    if options.local is not None:
        return local_stack(options.local)
    return deployed_stack(options.stack, region=options.region, profile=options.profile)


def _on_a_stack_of_its_own(options: Options) -> int:
    region = _region(options)
    throwaway = new_throwaway(region=region, profile=options.profile)
    if not _agreed(f"Deploy the stack {throwaway.name} in {region}?", options):
        return Exit.INTERRUPTED
    try:
        throwaway.deploy(options.parameters)
        stack = deployed_stack(throwaway.name, region=region, profile=options.profile)
        return prove(stack, options)
    finally:
        _delete(throwaway, options)


def _region(options: Options) -> str:
    """Where; and AWS knows who asks, or nothing else need be asked."""
    try:
        session = boto3.Session(profile_name=options.profile, region_name=options.region)
        if not session.region_name:
            raise CommandError("In which region? Say --region, or set AWS_DEFAULT_REGION.", Exit.NO_ACCESS)
        session.client("sts").get_caller_identity()
    except (BotoCoreError, ClientError) as error:
        raise in_our_words(error, "a stack of its own") from error
    return str(session.region_name)


def _delete(throwaway: Throwaway, options: Options) -> None:
    if options.keep or not _agreed(f"Delete the stack {throwaway.name}?", options):
        print(*throwaway.kept(), sep="\n")
        return
    throwaway.delete()


def _agreed(question: str, options: Options) -> bool:
    if options.yes:
        return True
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:
        return False


def prove(stack: Stack, options: Options, *, api: Api | None = None) -> int:
    """Everything on a stack that is there; 1 where something was not as promised.

    Raises:
        CommandError: the stack cannot be asked at all, or is somebody's.
    """
    began = time.time()
    on_its_own = not stack.is_local and made_here(stack)
    if not (on_its_own or options.existing or stack.is_local):
        raise CommandError(f"{stack.name} was not made by this command.", Exit.REFUSED, "Say --existing.")
    where = "this machine" if stack.is_local else str(stack.session.region_name)
    report = Report(stack.deployed_as or stack.name, where)
    api = api or Api(stack.api_url)
    settings = stack.ask("checkDeployment")["settings"]
    report.settings = {
        name: value
        for name, value in settings.items()
        if isinstance(value, int) or name == "revocation_check"
    }
    try:
        with people_of(stack, api, left=report.left_behind) as people:
            report.add(steps.findings(api, people))
            report.add(answers.findings(api))
            _look(report, "revocation bound", lambda: [_bound(api, people, report, options)])
            _look(report, "doctor", lambda: examine(stack, []))
            if not stack.is_local:
                _inside(stack, api, report, began=began, on_its_own=on_its_own)
        report.finished = True
    finally:
        to_read = report.write(options.report, api.secrets)
        print(f"Not as promised: {report.faults}. The report is in {options.report} and {to_read}.")
    return Exit.FOUND if report.faults or report.left_behind else Exit.DONE


def _bound(api: Api, people: People, report: Report, options: Options) -> Finding:
    stated = bound.bound_of(report.settings)
    for each in bound.rounds(api, people, bound=stated, number=options.rounds, clients=options.clients):
        report.rounds.append(each)
    return bound.finding(report.rounds)


def _inside(stack: Stack, api: Api, report: Report, *, began: float, on_its_own: bool) -> None:
    """What needs AWS itself."""
    deployed = Deployed(stack.session, stack.deployed_as)
    client = stack.session.client("lambda")
    _look(report, "journeys", lambda: journeys.findings(stack, api, on_its_own=on_its_own))
    _look(
        report,
        "503 where the authorizer cannot run",
        lambda: [
            answers.unavailable(api, client, deployed.names["AuthorizerFunction"] if on_its_own else None)
        ],
    )
    _look(report, "logs", lambda: _logs(deployed, api, report, began))


def _logs(deployed: Deployed, api: Api, report: Report, began: float) -> Iterator[Finding]:
    groups = logs.groups_of(deployed, since=began)
    functions = {each: deployed.names[each] for each in deployed.of_type("AWS::Lambda::Function")}
    report.durations = {**logs.durations(groups, functions)}
    yield from logs.findings(groups, api.secrets)


def _look(report: Report, name: str, look: Callable[[], Iterable[Finding]]) -> None:
    """One that cannot go on does not keep the others from it.

    What these credentials may not see is not checked, and says so.
    """
    try:
        report.add(look())
    except ClientError as error:
        said = f"{error.operation_name}: {error.response['Error']['Code']}"
        report.add([not_checked(name, said, "Allow it, and give the command again.")])
    except NotReadError as error:
        report.add([not_checked(name, str(error), error.cure)])
    except BotoCoreError as error:
        report.add([not_checked(name, str(error), "Give the command again.")])
    except TimeoutExpired as error:
        report.add([fault(name, f"it took longer than {error.timeout:g} s", "What it printed is above.")])
    except (CommandError, UnavailableError, NotAsPromisedError) as error:
        report.add([fault(name, f"it could not be done: {error}", "The stack's log says what it answered.")])


if __name__ == "__main__":
    sys.exit(main())
