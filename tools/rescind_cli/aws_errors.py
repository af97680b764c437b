"""What AWS, or the way there, says no with: in one line, with the cause and the cure."""

from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from rescind_cli.errors import AGAIN, CommandError, Exit

_NO_CREDENTIALS = (
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
_FORBIDDEN = {"AccessDenied", "AccessDeniedException"}
_UNKNOWN_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_NO_STACK = {"ValidationError"}
_NO_FUNCTION = {"ResourceNotFoundException"}
_NO_ROOM = {"TooManyRequestsException"}


def in_our_words(error: Exception, stack: str, *, is_local: bool = False) -> CommandError:
    """Name the cause and the cure."""
    if isinstance(error, ClientError):
        return _of_aws(error, stack)
    if isinstance(error, _NO_CREDENTIALS):
        return CommandError(
            f"There are no AWS credentials to use: {_one_line(error)}. Log in (`aws sso login`) or name a "
            "--profile; for the stack of `make run` say --local.",
            Exit.NO_ACCESS,
        )
    if isinstance(error, NoRegionError):
        return CommandError(
            f"In which region is {stack}? Say --region, or set AWS_DEFAULT_REGION.", Exit.NO_ACCESS
        )
    if isinstance(error, EndpointConnectionError | ConnectTimeoutError):
        if is_local:
            cure = "Start `make run`, or say its port."
            return CommandError(f"Nothing answers for {stack}: {_one_line(error)}.", Exit.NO_ACCESS, cure)
        return CommandError(
            f"AWS cannot be reached for {stack}: {_one_line(error)}.", Exit.UNAVAILABLE, AGAIN
        )
    if isinstance(error, HTTPClientError):
        return CommandError(
            f"{stack} did not answer, and may have done it: {_one_line(error)}.", Exit.UNAVAILABLE, AGAIN
        )
    return CommandError(f"{stack}: {_one_line(error)}", Exit.NO_ACCESS)


def _of_aws(error: ClientError, stack: str) -> CommandError:
    code, called = error.response["Error"]["Code"], error.operation_name
    if code in _FORBIDDEN:
        return CommandError(
            f"These credentials may not do that on {stack} ({called}). "
            "docs/operations.md lists what an operator must be allowed.",
            Exit.NO_ACCESS,
        )
    if code in _UNKNOWN_CREDENTIALS:
        return CommandError(
            f"AWS does not take these credentials ({code}). Log in again (`aws sso login`), name another "
            "--profile, or set this machine's clock.",
            Exit.NO_ACCESS,
        )
    if code in _NO_STACK:
        return CommandError(
            f"There is no {stack} in this account and region. `--region`, `--profile` or "
            "`--stack` name another one.",
            Exit.NO_ACCESS,
        )
    if code in _NO_FUNCTION:
        return CommandError(
            f"{stack} lacks a function: {_one_line(error.response['Error'].get('Message', code))}. "
            "Deploy the stack of this command's version.",
            Exit.NO_ACCESS,
        )
    if code in _NO_ROOM:
        return CommandError(
            f"{stack} takes no call now: too many at once, or a reserved concurrency of 0 (`rescind doctor` "
            "tells which).",
            Exit.UNAVAILABLE,
            AGAIN,
        )
    if called == "Invoke" and not code[:1].isalpha():
        return no_stack_of_ours(stack)
    return CommandError(f"{stack}: {called}: {code}.", Exit.UNAVAILABLE, AGAIN)


def no_stack_of_ours(stack: str) -> CommandError:
    """Something answers, and it is something else."""
    return CommandError(
        f"What answers for {stack} is no stack of Rescind. Say the --port of `make run`, or the --stack.",
        Exit.NO_ACCESS,
    )


def _one_line(said: object) -> str:
    return " ".join(str(said).split()).rstrip(".")
