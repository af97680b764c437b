"""What `rescind doctor` makes of what it is told: the checks, on values."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rescind_cli.checks.caches import HTTP, REST, Authorizer, foreign_cache, of_a_version, own_cache
from rescind_cli.checks.clocks import clock
from rescind_cli.checks.findings import Finding, Outcome
from rescind_cli.checks.functions import (
    DeployedFunction,
    as_declared,
    may_run,
    same_settings,
    start_from_snapshots,
)
from rescind_cli.checks.issuers import Published, issuer, names_of
from rescind_cli.checks.keys import key_set
from rescind_cli.checks.policies import Role, declared, policies
from rescind_cli.checks.tables import deletion_protection, recovery, tables_answer, time_to_live

NOW = 1_800_000_000
DAY = 86_400


def only(findings: Iterable[Finding]) -> Finding:
    [finding] = findings
    return finding


# ------------------------------------------------------------------ the clock


@given(
    st.integers(-20_000, 20_000),
    st.integers(0, 10_000),
    st.one_of(st.none(), st.integers(NOW - 20, NOW + 20)),
)
def test_a_clock_is_wrong_when_no_moment_of_the_call_explains_it(
    ahead_ms: int, took_ms: int, aws: int | None
) -> None:
    asked = NOW * 1000

    finding = clock(asked + ahead_ms, asked_at_ms=asked, answered_at_ms=asked + took_ms, aws_date=aws)

    right = -5_000 <= ahead_ms <= took_ms + 5_000
    assert (finding.outcome is Outcome.OK) == right
    assert right or finding.cure


@pytest.mark.parametrize(
    ("aws_date", "whose"),
    [
        (NOW, "the function's that is wrong"),
        (NOW + 60, "this machine's that is wrong"),
        (None, "60 s ahead of"),
    ],
    ids=["function", "machine", "unknown"],
)
def test_awss_own_clock_says_which_one_is_off(aws_date: int | None, whose: str) -> None:
    asked = NOW * 1000

    finding = clock(asked + 60_000, asked_at_ms=asked, answered_at_ms=asked + 90, aws_date=aws_date)

    assert finding.outcome is Outcome.FAULT
    assert whose in finding.said


# ------------------------------------------------------------------ tables


def a_table(table: str, **changes: Any) -> dict[str, Any]:
    return {
        "table": table,
        "name": f"prod-{table}",
        "status": "ACTIVE",
        "ttl": "ttl" if table in {"sessions", "blocklist", "revocations", "attempts"} else None,
        "recoverable": True,
        "deletion_protected": True,
        "failure": None,
        **changes,
    }


def tables(**changed: dict[str, Any]) -> list[dict[str, Any]]:
    names = ("credentials", "users", "sessions", "blocklist", "revocations", "attempts", "keys")
    return [a_table(name, **changed.get(name, {})) for name in names]


def test_tables_that_are_as_the_template_makes_them_have_no_fault() -> None:
    as_made = tables()

    findings = [*tables_answer(as_made), *time_to_live(as_made), *recovery(as_made)]

    assert {finding.outcome for finding in findings} == {Outcome.OK}
    assert deletion_protection(as_made).outcome is Outcome.OK


@pytest.mark.parametrize("table", ["sessions", "blocklist", "revocations", "attempts"])
def test_rows_that_should_die_and_do_not_are_a_fault_with_its_cure(table: str) -> None:
    finding = only(time_to_live(tables(**{table: {"ttl": None}})))

    assert (finding.name, finding.outcome) == (f"ttl {table}", Outcome.FAULT)
    assert finding.cure == (
        f"aws dynamodb update-time-to-live --table-name prod-{table} "
        "--time-to-live-specification Enabled=true,AttributeName=ttl"
    )


@pytest.mark.parametrize("table", ["credentials", "users", "keys"])
def test_rows_that_must_not_die_and_do_are_a_fault(table: str) -> None:
    finding = only(time_to_live(tables(**{table: {"ttl": "logged_out_at"}})))

    assert finding.outcome is Outcome.FAULT
    assert finding.cure.endswith("Enabled=false,AttributeName=logged_out_at")


def test_rows_that_die_by_another_attribute_are_a_fault() -> None:
    finding = only(time_to_live(tables(sessions={"ttl": "expires"})))

    assert "Enabled=false,AttributeName=expires" in finding.cure
    assert "Enabled=true,AttributeName=ttl" in finding.cure


def test_a_table_without_recovery_is_a_fault() -> None:
    finding = only(recovery(tables(users={"recoverable": False})))

    assert (finding.name, finding.outcome) == ("recovery users", Outcome.FAULT)
    assert "PointInTimeRecoveryEnabled=true" in finding.cure


def test_a_table_that_can_be_deleted_is_a_warning_and_no_fault() -> None:
    finding = deletion_protection(tables(users={"deletion_protected": False}))

    assert finding.outcome is Outcome.WARNING
    assert "--table-name prod-users --deletion-protection-enabled" in finding.cure


@pytest.mark.parametrize(
    ("failure", "cure"),
    [
        ("describe_table: ResourceNotFoundException", "Restore it"),
        ("describe_time_to_live: AccessDeniedException", "deploy the stack"),
        ("describe_table: ThrottlingException", "Give the command again"),
    ],
)
def test_a_table_that_could_not_be_looked_at_is_one_fault_and_not_four(failure: str, cure: str) -> None:
    unread = {
        "failure": failure,
        "status": None,
        "ttl": None,
        "recoverable": None,
        "deletion_protected": None,
    }
    told = tables(sessions=unread)

    faults = [
        finding
        for finding in [*tables_answer(told), *time_to_live(told), *recovery(told), deletion_protection(told)]
        if finding.outcome is not Outcome.OK
    ]

    assert cure in only(faults).cure


def test_a_table_that_does_not_serve_is_a_fault() -> None:
    finding = only(tables_answer(tables(keys={"status": "INACCESSIBLE_ENCRYPTION_CREDENTIALS"})))

    assert (finding.name, finding.outcome) == ("table keys", Outcome.FAULT)


# ------------------------------------------------------------------ keys


def a_key(key_id: str, state: str, signs_from: int, **changes: Any) -> dict[str, Any]:
    return {
        "key_id": key_id,
        "state": state,
        "signs_from": signs_from,
        "added_at": min(signs_from, NOW) - DAY,
        "revoked_at": None,
        "verifies_until": None,
        **changes,
    }


SIGNS = a_key("kid-1", "signs", NOW - 10 * DAY)
NEXT = a_key("kid-2", "next", NOW + 20 * DAY)


def checked(*found: dict[str, Any], rotation_days: int = 30) -> Finding:
    return key_set("access-token", found, now=NOW, rotation_days=rotation_days)


def test_one_key_that_signs_and_one_ahead_are_as_it_should_be() -> None:
    retired = a_key("kid-0", "retired", NOW - 90 * DAY)

    assert checked(retired, SIGNS, NEXT).outcome is Outcome.OK
    assert checked(a_key("kid-1", "signs", 0, added_at=NOW - DAY), NEXT).outcome is Outcome.OK


def test_a_key_that_took_over_before_its_time_is_no_fault() -> None:
    early = a_key("kid-2", "signs", NOW + 9 * DAY)

    assert checked(a_key("kid-1", "revoked", NOW - 9 * DAY), early, NEXT).outcome is Outcome.OK


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param([], "none signs", id="no-keys"),
        pytest.param([NEXT], "none signs", id="nobody-signs"),
        pytest.param([SIGNS], "none is published ahead", id="nothing-ahead"),
        pytest.param([SIGNS, SIGNS, NEXT], "2 sign", id="two-sign"),
        pytest.param([SIGNS, a_key("kid-2", "next", NOW - 60)], "should sign since", id="overdue"),
        pytest.param(
            [a_key("kid-2", "waiting", NOW + DAY, added_at=NOW - 30)], "until every sandbox", id="waiting"
        ),
    ],
)
def test_a_key_set_that_cannot_go_on_is_a_fault_with_its_cure(found: list[dict[str, Any]], said: str) -> None:
    finding = checked(*found)

    assert finding.outcome is Outcome.FAULT
    assert said in finding.said
    assert finding.cure


@pytest.mark.parametrize(("days", "fault"), [(31.9, False), (32.1, True)])
def test_a_key_that_signs_too_long_tells_that_the_schedule_has_stopped(days: float, *, fault: bool) -> None:
    finding = checked(a_key("kid-1", "signs", NOW - int(days * DAY)), NEXT)

    assert (finding.outcome is Outcome.FAULT) == fault
    assert ("rescind keys rotate" in finding.cure) == fault


# ------------------------------------------------------------------ the authorizer's cache

HEADER = "method.request.header.Authorization"


def an_authorizer(**changes: Any) -> Authorizer:
    fields: dict[str, Any] = {
        "kind": REST,
        "authorizer_id": "a1",
        "ttl_seconds": 0,
        "identity": (HEADER,),
    } | changes
    function = fields.pop("function", "prod-AuthorizerFunction")
    return Authorizer(uri=f"arn:aws:lambda:eu-west-1:123456789012:function:{function}/invocations", **fields)


def own(*authorizers: Authorizer, delay: int = 0) -> Finding:
    return only(own_cache("api1", authorizers, function="prod-AuthorizerFunction", delay_seconds=delay))


def foreign(*authorizers: Authorizer, delay: int = 0) -> Finding:
    return only(foreign_cache("api2", authorizers, function="prod-AuthorizerFunction", delay_seconds=delay))


@given(st.integers(0, 3600), st.integers(0, 300))
def test_a_cache_is_right_when_it_keeps_what_is_promised(ttl: int, delay: int) -> None:
    authorizer = an_authorizer(ttl_seconds=ttl)

    assert (own(authorizer, delay=delay).outcome is Outcome.OK) == (ttl == delay)
    assert (foreign(authorizer, delay=delay).outcome is Outcome.OK) == (ttl <= delay)


def test_sams_own_cache_is_a_fault_with_the_command_that_mends_it() -> None:
    rest = foreign(an_authorizer(ttl_seconds=300))
    http = foreign(
        an_authorizer(kind=HTTP, ttl_seconds=300, identity=("$request.header.Authorization",)), delay=60
    )

    assert "aws apigateway update-authorizer --rest-api-id api2 --authorizer-id a1" in rest.cure
    assert "value=0" in rest.cure
    assert "aws apigatewayv2 update-authorizer --api-id api2" in http.cure
    assert "--authorizer-result-ttl-in-seconds 60" in http.cure


@pytest.mark.parametrize(
    "identity", [(), ("method.request.header.Host",), (HEADER, "context.identity.sourceIp")]
)
def test_another_identity_than_the_token_is_a_fault(identity: tuple[str, ...]) -> None:
    assert own(an_authorizer(identity=identity)).outcome is Outcome.FAULT
    assert foreign(an_authorizer(identity=identity)).outcome is Outcome.FAULT


def test_an_authorizer_that_is_asked_unpublished_is_a_fault() -> None:
    published = an_authorizer(function="prod-AuthorizerFunction:live")

    assert of_a_version([published], function="prod-AuthorizerFunction").outcome is Outcome.OK
    assert of_a_version([an_authorizer()], function="prod-AuthorizerFunction").outcome is Outcome.FAULT
    assert of_a_version([], function="prod-AuthorizerFunction").outcome is Outcome.NOT_CHECKED


def test_an_api_without_the_authorizer_is_a_fault_whatever_else_it_has() -> None:
    stranger = an_authorizer(function="prod-AuthorizerFunction2")

    assert "none of its 1 authorizers" in foreign(stranger).said
    assert own(stranger).outcome is Outcome.FAULT


# ------------------------------------------------------------------ policies

NAMES = {"UsersTable": "prod-Users", "MeRole": "prod-MeRole", "Me": "prod-Me"}
ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/prod-Users"
LOGS = "AWSLambdaBasicExecutionRole"
LOGS_ARN = f"arn:aws:iam::aws:policy/service-role/{LOGS}"


def a_statement(**changes: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": ARN, **changes}


def roles_differ(*statements: dict[str, Any], attached: Iterable[str] = (LOGS_ARN,)) -> list[str]:
    """What is found where the template grants GetItem on the users' table, and the role has these."""
    template = {
        "Resources": {
            "MeRole": {
                "Type": "AWS::IAM::Role",
                "Properties": {
                    "ManagedPolicyArns": [LOGS_ARN],
                    "Policies": [
                        {
                            "PolicyName": "P0",
                            "PolicyDocument": {
                                "Statement": [a_statement(Resource={"Fn::GetAtt": ["UsersTable", "Arn"]})]
                            },
                        }
                    ],
                },
            }
        }
    }
    role = Role("MeRole", "prod-MeRole", {"P0": {"Statement": list(statements)}}, frozenset(attached))
    found = policies(declared(template, NAMES), [role], NAMES)
    return [finding.said for finding in found if finding.outcome is Outcome.FAULT]


@pytest.mark.parametrize(
    "statements",
    [
        pytest.param([a_statement()], id="same"),
        pytest.param([a_statement(Action=["dynamodb:GetItem"], Resource=[ARN])], id="lists"),
        pytest.param([a_statement(), a_statement(Effect="Deny", Action="*", Resource="*")], id="deny"),
        pytest.param([a_statement(Action="DynamoDB:GetItem")], id="case"),
    ],
)
def test_a_role_that_may_do_the_same_in_other_words_has_no_fault(statements: list[dict[str, Any]]) -> None:
    assert roles_differ(*statements) == []


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        pytest.param(
            [a_statement(), a_statement(Action="dynamodb:PutItem")],
            "it may also dynamodb:PutItem on UsersTable",
            id="another-action",
        ),
        pytest.param(
            [a_statement(), a_statement(Action="dynamodb:*")],
            "it may also dynamodb:* on UsersTable",
            id="wildcard",
        ),
        pytest.param(
            [a_statement(), a_statement(Resource="*")], "it may also dynamodb:GetItem on *", id="all-tables"
        ),
        pytest.param([], "it may not dynamodb:GetItem on UsersTable, as the template says", id="less"),
    ],
)
def test_a_role_that_may_do_more_or_less_than_the_template_says_is_a_fault(
    statements: list[dict[str, Any]], said: str
) -> None:
    assert roles_differ(*statements) == [said]


def test_what_a_statement_leaves_out_is_not_overlooked() -> None:
    everything_but = {"Effect": "Allow", "NotAction": "s3:GetObject", "Resource": "*"}

    assert "everything but some actions" in roles_differ(a_statement(), everything_but)[0]


def test_a_condition_that_came_off_is_a_fault() -> None:
    conditioned = a_statement(Condition={"StringEquals": {"kms:EncryptionContext:stack": "prod"}})

    more, less = roles_differ(conditioned)

    assert "if StringEquals:kms:EncryptionContext:stack" in more
    assert less == "it may not dynamodb:GetItem on UsersTable, as the template says"


def test_a_managed_policy_that_the_template_does_not_attach_is_a_fault() -> None:
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"

    assert roles_differ(a_statement(), attached=[LOGS_ARN, admin]) == [
        "AdministratorAccess is attached to it, and not by the template"
    ]
    assert roles_differ(a_statement(), attached=[]) == [
        "AWSLambdaBasicExecutionRole is not attached to it, so it writes no log"
    ]


# ------------------------------------------------------------------ functions


def a_function(
    logical: str, timeout: int = 10, role: str = "prod-MeRole", **environment: str
) -> DeployedFunction:
    settings = {"ACCESS_TOKEN_SECONDS": "900", "STACK": "prod", **environment}
    return DeployedFunction(logical, f"prod-{logical}", timeout, settings, role)


def test_functions_of_one_stack_have_one_set_of_settings() -> None:
    alone = a_function("Canary", API_URL="https://api.example.com")

    assert only(same_settings([a_function("Me"), a_function("Login"), alone])).outcome is Outcome.OK


def test_a_function_that_somebody_changed_by_hand_is_found_and_no_value_shown() -> None:
    changed = a_function("Login", ACCESS_TOKEN_SECONDS="3600")

    finding = only(same_settings([a_function("Me"), changed, a_function("Logout")]))

    assert (finding.name, finding.outcome) == ("settings Login", Outcome.FAULT)
    assert "ACCESS_TOKEN_SECONDS" in finding.said
    assert "3600" not in finding.said


def test_a_setting_that_one_function_lacks_is_found() -> None:
    without = DeployedFunction("Login", "prod-Login", 10, {"STACK": "prod"}, "prod-MeRole")

    finding = only(same_settings([a_function("Me"), without, a_function("Logout")]))

    assert finding.name == "settings Login"


def test_a_timeout_or_a_role_that_is_not_the_templates_is_a_fault() -> None:
    properties = {"Timeout": 10, "Role": {"Fn::GetAtt": ["MeRole", "Arn"]}}
    template = {"Resources": {"Me": {"Type": "AWS::Lambda::Function", "Properties": properties}}}

    assert only(as_declared([a_function("Me")], template, NAMES)).outcome is Outcome.OK
    assert "its timeout is 60 s" in only(as_declared([a_function("Me", timeout=60)], template, NAMES)).said
    assert "its role is admin" in only(as_declared([a_function("Me", role="admin")], template, NAMES)).said


def test_a_version_that_differs_is_named_by_its_alias_and_mended_by_a_deployment() -> None:
    properties = {"Timeout": 10, "Role": {"Fn::GetAtt": ["MeRole", "Arn"]}}
    template = {"Resources": {"Me": {"Type": "AWS::Lambda::Function", "Properties": properties}}}
    old = replace(a_function("Me", timeout=60, ACCESS_TOKEN_SECONDS="60"), alias="live")

    settings = only(same_settings([a_function("Me"), old, a_function("Login")]))
    timeout = only(as_declared([a_function("Me"), old], template, NAMES))

    assert (settings.name, timeout.name) == ("settings Me:live", "function Me:live")
    # Nobody can change what is published, so no `aws lambda update-function-configuration` would do.
    assert settings.cure == timeout.cure
    assert "Deploy with another" in settings.cure


def test_a_version_without_the_snapshot_that_it_is_to_have_is_a_fault() -> None:
    def live(**snap_start: str) -> DeployedFunction:
        return replace(a_function("Login"), alias="live", snap_start=snap_start)

    assert only(start_from_snapshots([a_function("Login"), live(ApplyOn="None")])).said == "off"
    made = live(ApplyOn="PublishedVersions", OptimizationStatus="On")
    assert only(start_from_snapshots([made])).said == "1 versions have their snapshot"
    without = only(start_from_snapshots([made, live(ApplyOn="PublishedVersions", OptimizationStatus="Off")]))
    assert (without.outcome, without.name) == (Outcome.FAULT, "SnapStart Login:live")


def test_a_function_that_never_runs_is_a_fault() -> None:
    assert only(may_run({"prod-Me": None, "prod-Login": 5})).outcome is Outcome.OK
    assert only(may_run({"prod-Me": None, "prod-Login": 0})).name == "concurrency prod-Login"


# ------------------------------------------------------------------ issuers

ISSUER = "https://id.example.com/"
DOCUMENT = {"issuer": ISSUER, "jwks_uri": "https://id.example.com/jwks"}
KEY = {"kid": "one", "kty": "RSA", "use": "sig"}


def test_the_issuers_are_the_first_words_of_the_entries() -> None:
    assert names_of(f" {ISSUER} api ->orders:read ; https://other.example.com client;") == [
        ISSUER,
        "https://other.example.com",
    ]
    assert names_of("") == []


@pytest.mark.parametrize(
    ("published", "outcome", "said"),
    [
        pytest.param(Published(DOCUMENT, {"keys": [KEY]}), Outcome.OK, "1 of its keys", id="as-it-should-be"),
        pytest.param(
            Published({**DOCUMENT, "issuer": ISSUER[:-1]}, {"keys": [KEY]}),
            Outcome.FAULT,
            "it calls itself https://id.example.com",
            id="another-name-by-one-slash",
        ),
        pytest.param(
            Published({"issuer": ISSUER}), Outcome.FAULT, "no jwks_uri", id="a-document-without-keys"
        ),
        pytest.param(
            Published(DOCUMENT, failure="it answers 404", is_answer=True),
            Outcome.FAULT,
            "404",
            id="an-answer",
        ),
        pytest.param(
            Published(failure="no route"), Outcome.NOT_CHECKED, "no route", id="no-answer-on-this-machine"
        ),
        pytest.param(Published(DOCUMENT, {"keys": []}), Outcome.FAULT, "no key", id="no-keys"),
        pytest.param(Published(DOCUMENT, {"keys": [KEY, KEY]}), Outcome.FAULT, "no key", id="one-name-twice"),
        pytest.param(
            Published(DOCUMENT, {"keys": [{**KEY, "use": "enc"}]}), Outcome.FAULT, "no key", id="to-encrypt"
        ),
        pytest.param(Published(DOCUMENT, {"keys": "none"}), Outcome.FAULT, "no key", id="no-list"),
    ],
)
def test_an_issuer_is_as_it_should_be_or_what_is_wrong_is_said(
    published: Published, outcome: Outcome, said: str
) -> None:
    finding = issuer(ISSUER, published)

    assert finding.outcome is outcome
    assert said in finding.said
    assert outcome is Outcome.OK or finding.cure
