"""Facts of the template that the code, or somebody's safety, relies on."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import pytest

from rescind import audit
from rescind.canary_settings import CanarySettings
from rescind.reasons import Reason
from rescind.rules.key_set import Purpose
from rescind.settings import BOUNDS, Settings
from tests.tables import TEMPLATE
from tests.template import (
    API,
    DOCUMENT,
    ENVIRONMENT,
    FUNCTIONS,
    RESOURCES,
    TABLES,
    chosen,
    granted,
    of_type,
    statements,
)


def test_every_setting_is_in_the_environment_and_the_reverse() -> None:
    settings = {field.name.upper() for field in fields(Settings)}

    assert {name for name in ENVIRONMENT if not name.startswith("POWERTOOLS_")} == settings


def test_the_canary_and_who_trusts_issuers_alone_have_settings_of_their_own() -> None:
    own = {
        name: set(each["Environment"]["Variables"])
        for name, each in FUNCTIONS.items()
        if "Environment" in each
    }

    trust = {"TRUSTED_ISSUERS", "AUTO_PROVISION"}
    assert own == {
        "CanaryFunction": {field.name.upper() for field in fields(CanarySettings)},
        "ExchangeFunction": trust,
        "BackchannelFunction": trust,
    }


@pytest.mark.parametrize(
    "setting", [name for name in BOUNDS if name != "AUTHORIZER_TIMEOUT_SECONDS"], ids=str.lower
)
def test_a_parameter_and_the_code_have_the_same_bounds(setting: str) -> None:
    parameter = DOCUMENT["Parameters"][ENVIRONMENT[setting]["Ref"]]

    assert (parameter["MinValue"], parameter["MaxValue"]) == BOUNDS[setting]
    assert parameter["MinValue"] <= parameter["Default"] <= parameter["MaxValue"]


def test_the_stated_bound_knows_the_authorizers_timeout() -> None:
    assert ENVIRONMENT["AUTHORIZER_TIMEOUT_SECONDS"] == FUNCTIONS["AuthorizerFunction"]["Timeout"]


def test_the_authorizers_cache_is_the_stated_revocation_delay() -> None:
    authorizer = API["Auth"]["Authorizers"][API["Auth"]["DefaultAuthorizer"]]

    kept = authorizer["Identity"]["ReauthorizeEvery"]
    assert chosen(kept, by_the_feed=False) == {"Ref": "RevocationDelaySeconds"}
    # There the delay is the authorizer's own, and there is none beside it.
    assert chosen(kept, by_the_feed=True) == 0
    assert authorizer["Identity"]["Headers"] == ["Authorization"]
    assert DOCUMENT["Parameters"]["RevocationDelaySeconds"]["Default"] == 0


def test_there_is_one_stage_and_a_changed_parameter_goes_live() -> None:
    assert API["OpenApiVersion"] == "3.0.1"
    assert API["AlwaysDeploy"] is True


def test_only_the_routes_that_prove_themselves_are_open() -> None:
    open_routes = {
        (event["Properties"]["Method"], event["Properties"]["Path"])
        for function in FUNCTIONS.values()
        for event in function.get("Events", {}).values()
        if event["Properties"].get("Auth") == {"Authorizer": "NONE"}
    }

    assert {route for route in open_routes if route[0] != "OPTIONS"} == {
        ("POST", "/auth/login"),
        ("POST", "/auth/exchange"),
        ("POST", "/auth/refresh"),
        ("POST", "/auth/logout"),
        ("POST", "/oauth/revoke"),
        ("POST", "/oauth/backchannel-logout"),
        ("POST", "/oauth/security-events"),
        ("GET", "/.well-known/jwks.json"),
    }


def test_the_authorizer_is_over_before_api_gateway_gives_up_on_it() -> None:
    # API Gateway waits 10 s for a Lambda authorizer, and answers 500 then without having heard why.
    assert FUNCTIONS["AuthorizerFunction"]["Timeout"] < 10


def test_no_function_runs_longer_than_ten_seconds() -> None:
    globally = DOCUMENT["Globals"]["Function"]["Timeout"]
    # It waits until the bound is over, and writes nothing but a user of its own (docs/rules.md), whose end it
    # announces by a clock of that second.
    waits = {"CanaryFunction"}

    longer = {name for name, function in FUNCTIONS.items() if function.get("Timeout", globally) > 10}

    assert longer == waits


def test_the_canary_writes_a_user_and_a_credential_and_that_they_are_gone() -> None:
    assert granted("CanaryFunction") == {
        ("dynamodb:GetItem", "UsersTable"),
        ("dynamodb:PutItem", "UsersTable"),
        ("dynamodb:DeleteItem", "UsersTable"),
        ("dynamodb:PutItem", "CredentialsTable"),
        ("dynamodb:DeleteItem", "CredentialsTable"),
        ("dynamodb:PutItem", "RevocationsTable"),
    }


def test_the_canary_flies_on_its_schedule_only_when_it_is_on_and_a_failure_is_seen_once() -> None:
    canary = FUNCTIONS["CanaryFunction"]
    [flight] = canary["Events"].values()
    minutes = DOCUMENT["Parameters"]["CanaryMinutes"]

    assert flight["Properties"]["State"] == {"Fn::If": ["CanaryIsOn", "ENABLED", "DISABLED"]}
    assert minutes["Default"] == 0
    assert canary["EventInvokeConfig"] == {"MaximumRetryAttempts": 0}
    by_minutes = DOCUMENT["Mappings"]["Canary"]
    assert by_minutes.keys() == {str(value) for value in minutes["AllowedValues"]}
    for value in minutes["AllowedValues"][1:]:
        assert by_minutes[str(value)]["Rate"] in {f"rate({value} minutes)", f"rate({value // 60} hour)"}
        assert by_minutes[str(value)]["AlarmSeconds"] == 2 * 60 * value


def test_the_canary_asks_where_the_outputs_say_the_api_is() -> None:
    assert (
        FUNCTIONS["CanaryFunction"]["Environment"]["Variables"]["API_URL"]
        == DOCUMENT["Outputs"]["ApiUrl"]["Value"]
    )


def test_the_authorizer_reads_four_tables_and_writes_none() -> None:
    assert granted("AuthorizerFunction") == {
        ("dynamodb:BatchGetItem", "BlocklistTable"),
        ("dynamodb:BatchGetItem", "UsersTable"),
        ("dynamodb:BatchGetItem", "SessionsTable"),
        ("dynamodb:GetItem", "KeysTable"),
    }


def test_whoever_ends_something_may_announce_it_and_do_nothing_else_to_the_feed() -> None:
    may = {
        (name, action)
        for name in FUNCTIONS
        for action, resource in granted(name)
        if resource == "RevocationsTable" and not action.startswith("dynamodb:Describe")
    }

    enders = ("Login", "Exchange", "Backchannel", "Refresh", "Logout", "Sessions", "Password", "OAuth")
    assert may == {(f"{name}Function", "dynamodb:PutItem") for name in (*enders, "Admin", "Canary")}


def test_the_oauth_function_reads_what_the_authorizer_reads_and_ends_one_session_or_one_token() -> None:
    assert granted("OAuthFunction") == {
        *granted("AuthorizerFunction"),
        ("dynamodb:UpdateItem", "SessionsTable"),
        ("dynamodb:PutItem", "BlocklistTable"),
        ("dynamodb:PutItem", "RevocationsTable"),
        # Whether a write that failed has taken effect.
        ("dynamodb:GetItem", "SessionsTable"),
        ("dynamodb:GetItem", "BlocklistTable"),
        ("kms:Decrypt", "EncryptionKey"),
    }


def test_only_the_admin_function_goes_through_a_table_and_only_through_the_users() -> None:
    scanned = {
        (name, resource)
        for name in FUNCTIONS
        for action, resource in granted(name)
        if action == "dynamodb:Scan"
    }

    assert scanned == {("AdminFunction", "UsersTable")}


def purposes_opened(function: str) -> set[str]:
    """What the keys are for that the function may decrypt."""
    purposes: set[str] = set()
    for statement in statements(function):
        if statement["Action"] == "kms:Decrypt":
            condition = statement["Condition"]["StringEquals"]
            assert condition["kms:EncryptionContext:stack"] == {"Ref": "AWS::StackName"}
            allowed = condition["kms:EncryptionContext:purpose"]
            purposes.update(allowed if isinstance(allowed, list) else [allowed])
    return purposes


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_only_who_issues_may_open_the_signing_key(function: str) -> None:
    may_open = {
        "LoginFunction": {Purpose.ACCESS_TOKEN, Purpose.REFRESH_TOKEN},
        "ExchangeFunction": {Purpose.ACCESS_TOKEN, Purpose.REFRESH_TOKEN},
        "PasswordFunction": {Purpose.ACCESS_TOKEN, Purpose.REFRESH_TOKEN},
        "RefreshFunction": {Purpose.ACCESS_TOKEN, Purpose.REFRESH_TOKEN},
        "LogoutFunction": {Purpose.REFRESH_TOKEN},
        "OAuthFunction": {Purpose.REFRESH_TOKEN},
    }

    assert purposes_opened(function) == may_open.get(function, set())


def test_who_makes_and_who_publishes_keys_is_never_given_one_in_the_clear() -> None:
    assert granted("KeysFunction") == {
        ("dynamodb:GetItem", "KeysTable"),
        ("dynamodb:PutItem", "KeysTable"),
        ("kms:GenerateDataKeyPairWithoutPlaintext", "EncryptionKey"),
        ("kms:GenerateDataKeyWithoutPlaintext", "EncryptionKey"),
    }
    assert granted("JwksFunction") == {("dynamodb:GetItem", "KeysTable")}


def test_an_admin_replaces_a_hash_whole_or_not_at_all() -> None:
    of_credentials = {
        action
        for action, table in granted("AdminFunction")
        if table == "CredentialsTable" and not action.startswith("dynamodb:Describe")
    }

    # A reset puts the whole row, on a condition; there is no update that could change one attribute of it.
    assert of_credentials == {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:DeleteItem"}


def test_nobody_but_the_schedule_and_the_deployment_calls_the_keys_function_by_itself() -> None:
    assert [event["Type"] for event in FUNCTIONS["KeysFunction"]["Events"].values()] == ["Schedule"]
    assert "Input" not in FUNCTIONS["KeysFunction"]["Events"]["Daily"]["Properties"]


@pytest.mark.parametrize("function", FUNCTIONS, ids=str)
def test_a_policy_names_its_actions_and_its_tables(function: str) -> None:
    for statement in statements(function):
        assert statement["Effect"] == "Allow"
        assert "*" not in str(statement["Action"])
        assert "*" not in str(statement["Resource"])


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_table_is_on_demand_and_has_no_index(table: str) -> None:
    assert TABLES[table]["BillingMode"] == "PAY_PER_REQUEST"
    assert "GlobalSecondaryIndexes" not in TABLES[table], "an index is never strongly consistent"


def test_what_dies_by_itself_has_a_time_to_live() -> None:
    mortal = {name for name, table in TABLES.items() if "TimeToLiveSpecification" in table}

    assert mortal == {"SessionsTable", "BlocklistTable", "RevocationsTable", "AttemptsTable"}
    for name in mortal:
        assert TABLES[name]["TimeToLiveSpecification"] == {"AttributeName": "ttl", "Enabled": True}


def test_every_route_that_a_browser_uses_has_a_preflight() -> None:
    routes = {
        (name, event["Properties"]["Method"], event["Properties"]["Path"])
        for name, function in FUNCTIONS.items()
        for event in function.get("Events", {}).values()
        if event["Type"] == "Api"
    }
    asked = {path for name, _, path in routes if name == "PreflightFunction"}

    # The JWKS and a form to /oauth/revoke are simple requests that need none. What needs the scope `admin` or
    # `introspect` is not for pages.
    assert asked == {path for _, _, path in routes if re.match(r"/auth/", path)}


def test_every_function_has_a_folder_of_its_own() -> None:
    folders = [function["CodeUri"] for function in FUNCTIONS.values()]

    assert len(set(folders)) == len(folders)
    for folder in folders:
        assert (TEMPLATE.parent / folder / "app.py").is_file()


GATEWAY_RESPONSES: dict[str, Any] = API["GatewayResponses"]


def test_whatever_the_gateway_answers_itself_has_a_gateway_response() -> None:
    assert {"DEFAULT_4XX", "DEFAULT_5XX"} <= GATEWAY_RESPONSES.keys()


@pytest.mark.parametrize("kind", GATEWAY_RESPONSES)
def test_nobody_keeps_what_the_gateway_answers_and_every_page_may_read_it(kind: str) -> None:
    headers = GATEWAY_RESPONSES[kind]["ResponseParameters"]["Headers"]

    assert headers["Cache-Control"] == "'no-store'"
    assert headers["Access-Control-Allow-Origin"] == "'*'"
    to_be_read = [name for name in ("WWW-Authenticate", "Retry-After") if name in headers]
    exposed = headers.get("Access-Control-Expose-Headers", "''").strip("'").split(", ")
    assert set(to_be_read) <= set(exposed)


@pytest.mark.parametrize("kind", GATEWAY_RESPONSES)
def test_what_the_gateway_answers_is_constant(kind: str) -> None:
    # $context.error.message or a header of the request would hand back what a client sent.
    [body] = GATEWAY_RESPONSES[kind]["ResponseTemplates"].values()
    constants = [body, *GATEWAY_RESPONSES[kind]["ResponseParameters"]["Headers"].values()]

    assert not [text for text in constants if "$" in text or "method." in text or "context." in text]


def test_a_star_never_meets_credentials() -> None:
    # SAM's own Cors would add what no test of ours reads.
    assert "Cors" not in API
    assert "Cors" not in DOCUMENT["Globals"].get("Api", {})
    assert "Allow-Credentials" not in TEMPLATE.read_text(encoding="utf-8")


def test_the_gateway_writes_no_request_down_and_nothing_is_traced() -> None:
    members = {name for each in (API, *FUNCTIONS.values(), DOCUMENT["Globals"]["Function"]) for name in each}

    # Full request logging (DataTraceEnabled) has bodies and tokens in it, and so may a trace.
    assert not members & {"AccessLogSetting", "TracingEnabled", "Tracing"}
    [_, [settings], otherwise] = API["MethodSettings"]["Fn::If"]
    throttling = {"ThrottlingRateLimit", "ThrottlingBurstLimit"}
    assert settings.keys() == {"ResourcePath", "HttpMethod", *throttling}
    assert otherwise == {"Ref": "AWS::NoValue"}


def test_a_proxys_header_without_its_secret_is_refused_before_it_is_deployed() -> None:
    # The settings refuse it too, but then no function would start.
    [assertion] = DOCUMENT["Rules"]["ProxyHeaderAndSecret"]["Assertions"]

    both = ("ClientAddressHeader", "ProxySecretSha256")
    empty = [{"Fn::Equals": [{"Ref": name}, ""]} for name in both]
    given = [{"Fn::Not": [each]} for each in empty]
    assert assertion["Assert"] == {"Fn::Or": [{"Fn::And": empty}, {"Fn::And": given}]}


ALARMS = of_type("AWS::CloudWatch::Alarm")
RUNBOOKS = (
    "A token is stolen",
    "An account is taken over",
    "Revocation is late",
    "A key leaks",
    "Revoke everyone",
    "Rotate keys",
    "Restore from a backup",
    "A region is down",
    "DynamoDB throttles",
)
# The metrics of AWS's own that are watched, and what each is told apart by.
OF_AWS = {
    ("AWS/ApiGateway", "5XXError"): {"ApiName", "Stage"},
    ("AWS/DynamoDB", "ReadThrottleEvents"): {"TableName"},
    ("AWS/DynamoDB", "WriteThrottleEvents"): {"TableName"},
    ("AWS/Lambda", "Duration"): {"FunctionName"},
    ("AWS/Lambda", "Errors"): {"FunctionName"},
}
OURS = {event.value for event in audit.Event} | {"RevocationDelay", "RevocationBound"}


def watched(alarm: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Namespace, name and dimensions of each metric that the alarm reads."""
    stats = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    for metric in stats or [alarm]:
        dimensions = {each["Name"]: each["Value"] for each in metric["Dimensions"]}
        yield metric["Namespace"], metric["MetricName"], dimensions


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_watches_metrics_that_there_are(alarm: str) -> None:
    assert ENVIRONMENT["POWERTOOLS_SERVICE_NAME"] == {"Ref": "AWS::StackName"}
    for namespace, name, dimensions in watched(ALARMS[alarm]):
        if namespace != "Rescind":
            assert dimensions.keys() == OF_AWS[namespace, name]
            for value in dimensions.values():
                assert value == API["StageName"] or value["Ref"] in {*RESOURCES, "AWS::StackName"}
            continue
        assert name in OURS
        assert dimensions.pop("service") == {"Ref": "AWS::StackName"}
        assert dimensions.keys() <= {"reason"}
        assert set(dimensions.values()) <= set(Reason)


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_reads_no_more_than_it_can_and_says_what_nothing_means(alarm: str) -> None:
    properties = ALARMS[alarm]
    expected = ["ThresholdMetricId"] if "ThresholdMetricId" in properties else ["Threshold"]

    assert len(list(watched(properties))) <= 10, "of CloudWatch's own"
    assert [name for name in ("Threshold", "ThresholdMetricId") if name in properties] == expected
    assert properties["TreatMissingData"] in (
        "notBreaching",
        {"Fn::If": ["CanaryIsOn", "breaching", "notBreaching"]},
    )
    ids = {each["Id"] for each in properties.get("Metrics", [])}
    for each in properties.get("Metrics", []):
        assert set(re.findall(r"\b[a-z_]+\b", each.get("Expression", ""))) <= ids


@pytest.mark.parametrize("alarm", ALARMS)
def test_an_alarm_says_what_to_do_and_tells_the_topic(alarm: str) -> None:
    where = re.fullmatch(r".+\. docs/operations\.md: (.+)", ALARMS[alarm]["AlarmDescription"])

    assert where
    assert where[1] in RUNBOOKS
    told = {"Fn::If": ["AlarmsAreSent", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    assert ALARMS[alarm]["AlarmActions"] == told


def test_every_table_is_watched_for_throttling() -> None:
    for alarm in ("ThrottledReadsAlarm", "ThrottledWritesAlarm"):
        assert {
            dimensions["TableName"]["Ref"] for _, _, dimensions in watched(ALARMS[alarm])
        } == TABLES.keys()


def test_to_be_late_is_to_be_above_the_bound_and_a_silent_canary_counts() -> None:
    alarm = ALARMS["RevocationLateAlarm"]
    [late] = [each["Expression"] for each in alarm["Metrics"] if "Expression" in each]

    assert (late, alarm["ComparisonOperator"], alarm["Threshold"]) == (
        "delay - bound",
        "GreaterThanThreshold",
        0,
    )
    assert alarm["TreatMissingData"] == {"Fn::If": ["CanaryIsOn", "breaching", "notBreaching"]}


def test_the_authorizer_is_slow_long_before_its_time_is_up() -> None:
    alarm, timeout = ALARMS["AuthorizerSlowAlarm"], FUNCTIONS["AuthorizerFunction"]["Timeout"]

    assert alarm["ExtendedStatistic"] == "p99"
    assert alarm["Threshold"] == timeout * 1000 / 2


def test_refusals_of_the_authorizer_are_none_of_its_failures() -> None:
    # It refuses by raising, which to Lambda is an error; the functions behind it do not.
    [failures] = [
        each["Expression"] for each in ALARMS["AuthorizerFailuresAlarm"]["Metrics"] if "Expression" in each
    ]

    assert failures == "errors - FILL(refused, 0) + FILL(without_scope, 0) + FILL(without_authorizer, 0)"


DASHBOARD: str = RESOURCES["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]


def test_the_dashboard_is_json_and_shows_every_alarm() -> None:
    widgets = json.loads(DASHBOARD)["widgets"]
    [shown] = [each["properties"]["alarms"] for each in widgets if each["type"] == "alarm"]

    assert sorted(shown) == sorted(f"${{{alarm}.Arn}}" for alarm in ALARMS)


def test_the_dashboard_draws_metrics_that_there_are() -> None:
    for widget in json.loads(DASHBOARD)["widgets"]:
        assert widget["x"] + widget["width"] <= 24
        for metric in widget["properties"].get("metrics", []):
            match metric:
                case ["Rescind", name, "service", "${AWS::StackName}"]:
                    assert name in OURS
                case [namespace, name, *_]:
                    assert namespace.startswith("AWS/"), name
                case [{"expression": str(expression)}]:
                    assert "{Rescind,service,reason}" in expression
                case _:
                    pytest.fail(f"{metric} is none")


def test_whatever_the_dashboard_names_is_there() -> None:
    for name in re.findall(r"\$\{([\w:]+)", DASHBOARD):
        assert name in RESOURCES or name in {"AWS::Region", "AWS::StackName"}
