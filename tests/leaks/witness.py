"""What one invocation gives away, in its streams, log, answer and exception; and what is wrong with it."""

import io
import json
import logging
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from rescind import audit
from rescind.reasons import Reason
from tests import event_lines
from tests.issuers import ISSUER
from tests.leaks import marked

# The functions whose 200 is a token response (docs/contract.md); no other answer may hold a token.
HAND_OUT_TOKENS = {"login", "exchange", "refresh", "password"}

_COOKIE = re.compile(
    r"__Host-refresh_token=(?P<token>[^;]*); Max-Age=[0-9]+; Path=/; Secure; HttpOnly; SameSite=Strict"
)

# What a line of the log may say, name by name: ids, words of ours, numbers. No text of a client's fits.
_LINE = {
    "level": "INFO|ERROR",
    "message": "|".join(audit.Event),
    "timestamp": "[0-9 :,+-]+",
    "service": "talkative",
    "sampling_rate": "1",
    "cold_start": "True|False",
    "function_name": "function",
    "function_memory_size": "512",
    "function_arn": "arn:aws:lambda:us-east-1:123456789012:function:function",
    "function_request_id": "request",
    "reason": "|".join(Reason),
    "user_id": "usr_[A-Za-z0-9_-]{22}",
    "session_id": "ses_[A-Za-z0-9_-]{22}",
    "token_id": "tok_[A-Za-z0-9_-]{22}",
    "actor": "usr_[A-Za-z0-9_-]{22}|canary|exchange|issuer|operator"
    "|arn:aws[a-z-]*:(iam|sts)::[0-9]{12}:[A-Za-z0-9_+=,.@/-]+",
    "delay_seconds": r"[0-9]+\.[0-9]+",
    "bound_seconds": "[0-9]+",
    "key_id": "[A-Za-z0-9_-]{21,43}",
    "failure": "[A-Za-z]+",
    # An issuer is named as the operator has named it.
    "failure_message": rf"(the issuer {re.escape(ISSUER)}(: )?)?[A-Za-z0-9 .,:;'_-]*",
    "place": r"[A-Za-z0-9/._-]+\.py:[0-9]+",
}
_METRIC = {
    "_aws": ".*",
    "service": "talkative",
    "reason": _LINE["reason"],
    **{event.value: r"\[1\.0\]" for event in audit.Event},
    "RevocationDelay": r"\[[0-9]+\.[0-9]+\]",
    "RevocationBound": r"\[[0-9]+\.0\]",
}


@dataclass(frozen=True)
class Seen:
    """One invocation of a function."""

    function: str
    answer: dict[str, Any] | None
    error: Exception | None
    printed: str
    """What the log and the standard streams hold, line by line."""
    recorded: str
    """Every record of every logger, with all that it carries."""

    @property
    def outcome(self) -> int | str:
        """The status of an answer to a request; "returned", or the type of what was raised."""
        if self.answer is None:
            return type(self.error).__name__
        return int(self.answer["statusCode"]) if "statusCode" in self.answer else "returned"

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.printed.splitlines()]

    @property
    def events(self) -> set[tuple[str, str | None]]:
        """What was written down, each with its reason."""
        return {(line["message"], line.get("reason")) for line in self.lines if "message" in line}

    def problems(
        self, secrets: Mapping[str, marked.Secret], *, shows: frozenset[str] = frozenset()
    ) -> list[str]:
        """Each promise that was broken, in words; `shows` names what this answer is for."""
        rest, handed_out = self._without_tokens()
        known = {**secrets, **handed_out}
        # Lambda writes down what a function raises.
        raised = "".join(traceback.format_exception(self.error)) if self.error else ""
        written = f"{self.printed} {self.recorded} {raised}"
        in_the_answer = {name: each for name, each in known.items() if name not in shows}
        return [
            *(f"{name} is in the log" for name in marked.found_in(written, known)),
            *(f"{name} is in the answer" for name in marked.found_in(rest, in_the_answer)),
            *self._problems_of_lines(),
            *self._problems_of_headers(),
        ]

    def _without_tokens(self) -> tuple[str, dict[str, marked.Secret]]:
        """The text of the answer without the tokens that it is for, and these."""
        answer = self.answer or {}
        if self.function not in HAND_OUT_TOKENS or self.outcome != 200:
            return json.dumps(answer, ensure_ascii=False) + str(answer.get("body")), {}
        body, headers = json.loads(answer["body"]), dict(answer["headers"])
        access_token = body.pop("access_token")
        by_cookie = _COOKIE.fullmatch(headers.pop("Set-Cookie", ""))
        refresh_token = by_cookie["token"] if by_cookie else body.pop("refresh_token")
        return json.dumps([body, headers]), marked.parts_of(access_token, refresh_token)

    def _problems_of_lines(self) -> Iterator[str]:
        for line in self.printed.splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                yield f"a line that is no JSON: {line!r}"
                continue
            if "_aws" not in said:
                yield from event_lines.problems_of(said)
            allowed = _METRIC if "_aws" in said else _LINE
            for name, value in said.items():
                if not re.fullmatch(allowed.get(name, "(?!)"), str(value)):
                    yield f"a line that says {name}: {value!r}"

    def _problems_of_headers(self) -> Iterator[str]:
        if self.answer is None or "statusCode" not in self.answer:
            return
        headers = {name.lower(): value for name, value in self.answer["headers"].items()}
        is_jwks = (self.function, self.outcome) == ("jwks", 200)
        if headers["cache-control"] != ("public, max-age=900" if is_jwks else "no-store"):
            yield f"Cache-Control: {headers['cache-control']}"
        if "multiValueHeaders" in self.answer or "cookies" in self.answer:
            yield "headers that nobody here looks at"
        if "set-cookie" in headers and not _COOKIE.fullmatch(headers["set-cookie"]):
            yield f"Set-Cookie: {headers['set-cookie']}"
        if headers.get("access-control-allow-origin") == "*":
            yield "Access-Control-Allow-Origin: *, from a function, which allows credentials"
        if headers.get("vary") != "Origin" and self.outcome != 500:
            yield "an answer that depends on the Origin and does not say so"


class Witness(logging.Handler):
    """Stands where Lambda has a handler of its own: on the root logger, which somebody has set to DEBUG."""

    def __init__(self, capsys: pytest.CaptureFixture[str], log: io.StringIO) -> None:
        super().__init__(logging.DEBUG)
        self._capsys = capsys
        self._log = log
        self._records: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        traced = "".join(traceback.format_exception(*record.exc_info)) if record.exc_info else ""
        self._records.append(f"{record.getMessage()} {vars(record)} {traced}")

    def forget(self) -> None:
        self._log.seek(0)
        self._log.truncate()
        self._records.clear()
        self._capsys.readouterr()

    def watch(self, function: str, invoke: Callable[[], Any]) -> Seen:
        self.forget()
        answer, error = None, None
        try:
            answer = invoke()
        except Exception as raised:  # noqa: BLE001 - whatever a function raises is what Lambda sees
            error = raised
        streams = self._capsys.readouterr()
        printed = self._log.getvalue() + streams.out + streams.err
        return Seen(function, answer, error, printed, "\n".join(self._records))
