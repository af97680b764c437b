"""What the parameters of a deployment come to: protection, log, limits, domain, how versions go live."""

from itertools import product
from typing import Any

import pytest

from tests.template import DOCUMENT, FUNCTIONS, RESOURCES, TABLES, granted
from tests.translated import DEFAULTS, resolved, resources, translated

NOTHING = "AWS::NoValue"
DEVELOPMENT = {**DEFAULTS, "Environment": "development"}
CERTIFICATE = "arn:aws:acm:eu-west-1:123456789012:certificate/1"
OWN_DOMAIN = {**DEFAULTS, "DomainName": "auth.example.com", "CertificateArn": CERTIFICATE}
GRADUAL = [
    each for each in DOCUMENT["Parameters"]["DeploymentPreference"]["AllowedValues"] if each != "AllAtOnce"
]


def properties(name: str, given: dict[str, str] = DEFAULTS) -> dict[str, Any]:
    found: dict[str, Any] = resolved(translated()["Resources"][name]["Properties"], given)
    return found


# ------------------------------------------------------------------ what holds data


@pytest.mark.parametrize("table", TABLES)
def test_in_production_the_tables_are_protected_and_recoverable(table: str) -> None:
    assert DEFAULTS["Environment"] == "production"

    for given, lasting in ((DEFAULTS, True), (DEVELOPMENT, False)):
        assert properties(table, given)["DeletionProtectionEnabled"] is lasting
        recovery = properties(table, given)["PointInTimeRecoverySpecification"]
        assert recovery == {"PointInTimeRecoveryEnabled": lasting}


def test_what_a_mistake_would_replace_is_kept() -> None:
    kept = {name for name, each in RESOURCES.items() if each.get("UpdateReplacePolicy") == "Retain"}

    assert kept == {*TABLES, "EncryptionKey", "LogGroup"}


def test_a_deployment_of_this_version_replaces_no_table_no_key_and_no_api() -> None:
    # CloudFormation makes a new one where its name in here, its type, its own name or its key is another.
    keys = {
        name: [(each["AttributeName"], each["KeyType"]) for each in table["KeySchema"]]
        for name, table in TABLES.items()
    }

    assert keys == {
        "CredentialsTable": [("username", "HASH")],
        "UsersTable": [("user_id", "HASH")],
        "SessionsTable": [("user_id", "HASH"), ("session_id", "RANGE")],
        "BlocklistTable": [("jti", "HASH")],
        "RevocationsTable": [("copy", "HASH"), ("at", "RANGE")],
        "AttemptsTable": [("bucket", "HASH")],
        "KeysTable": [("purpose", "HASH")],
    }
    assert not [name for name, table in TABLES.items() if "TableName" in table]
    assert RESOURCES["EncryptionKey"]["Type"] == "AWS::KMS::Key"
    assert RESOURCES["EncryptionKey"]["Properties"].keys().isdisjoint({"KeySpec", "KeyUsage", "MultiRegion"})
    assert RESOURCES["Api"]["Type"] == "AWS::Serverless::Api"
    assert RESOURCES["FirstKeys"]["Type"] == "Custom::KeySet"


def test_a_key_that_was_deleted_can_be_had_back_for_as_long_as_aws_lets_us() -> None:
    assert properties("EncryptionKey")["PendingWindowInDays"] == 30


def test_a_deletion_that_fails_at_the_tables_leaves_their_key() -> None:
    # CloudFormation deletes in the opposite order.
    assert RESOURCES["KeysTable"]["DependsOn"] == "EncryptionKey"


def test_a_stack_has_a_layer_of_its_own_and_takes_none_away_from_others() -> None:
    [(_, layer)] = resources("AWS::Lambda::LayerVersion").items()

    assert layer["LayerName"] == {"Fn::Sub": "${AWS::StackName}-rescind"}
    assert RESOURCES["Layer"]["Properties"]["RetentionPolicy"] == "Retain"


# ------------------------------------------------------------------ the log


def test_every_function_writes_to_the_one_log_which_forgets_and_outlives_the_stack() -> None:
    for function in resources("AWS::Lambda::Function").values():
        assert function["LoggingConfig"] == {"LogFormat": "JSON", "LogGroup": {"Ref": "LogGroup"}}
    assert properties("LogGroup") == {"RetentionInDays": DEFAULTS["LogRetentionDays"]}
    assert RESOURCES["LogGroup"]["DeletionPolicy"] == "RetainExceptOnCreate"
    # One that has a name would be in the way of the next stack of this name.
    assert "LogGroupName" not in RESOURCES["LogGroup"]["Properties"]


# ------------------------------------------------------------------ what no function exceeds


def bounded() -> set[tuple[str, str]]:
    [boundary] = resources("AWS::IAM::ManagedPolicy").values()
    pairs = set()
    for statement in boundary["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        arns = statement["Resource"]
        for arn in arns if isinstance(arns, list) else [arns]:
            pairs |= {(action, arn["Fn::GetAtt"][0]) for action in statement["Action"]}
    return pairs


def test_no_function_exceeds_the_stacks_tables_key_and_log() -> None:
    roles = [
        role
        for role in resources("AWS::IAM::Role").values()
        if "lambda.amazonaws.com" in str(role["AssumeRolePolicyDocument"])
    ]

    assert len(roles) == len(FUNCTIONS)
    assert all(role["PermissionsBoundary"] == {"Ref": "Boundary"} for role in roles)
    assert {resource for _, resource in bounded()} == {*TABLES, "EncryptionKey", "LogGroup"}
    assert {action for action, resource in bounded() if resource == "LogGroup"} == {
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    }


def test_the_boundary_has_all_that_functions_may_and_no_action_of_nobodys() -> None:
    allowed = {pair for function in FUNCTIONS for pair in granted(function)}

    assert allowed <= bounded()
    assert {action for action, resource in bounded() if resource != "LogGroup"} == {
        action for action, _ in allowed
    }


# ------------------------------------------------------------------ limits


@pytest.mark.parametrize(
    ("function", "parameter"),
    [("AuthorizerFunction", "AuthorizerConcurrency"), ("LoginFunction", "LoginConcurrency")],
)
def test_concurrency_is_reserved_only_where_somebody_says_so(function: str, parameter: str) -> None:
    # A new account may have ten in all, and then a deployment that reserves any fails.
    assert properties(function)["ReservedConcurrentExecutions"] == NOTHING

    given = {**DEFAULTS, parameter: "50"}
    assert properties(function, given)["ReservedConcurrentExecutions"] == "50"
    assert properties("MeFunction", given).get("ReservedConcurrentExecutions", NOTHING) == NOTHING


def test_requests_are_limited_only_where_somebody_says_so() -> None:
    assert properties("ApiprodStage")["MethodSettings"] == NOTHING

    given = {**DEFAULTS, "RequestsPerSecond": "100", "RequestBurst": "200"}
    assert properties("ApiprodStage", given)["MethodSettings"] == [
        {"ResourcePath": "/*", "HttpMethod": "*", "ThrottlingRateLimit": "100", "ThrottlingBurstLimit": "200"}
    ]


# ------------------------------------------------------------------ where it answers


def test_the_firewall_stands_before_the_one_stage_and_only_if_there_is_one() -> None:
    association = translated()["Resources"]["WebAcl"]

    assert association["Condition"] == "WebAclIsGiven"
    assert properties("WebAcl")["ResourceArn"].endswith("/restapis/Api/stages/ApiprodStage")
    condition = translated()["Conditions"]["WebAclIsGiven"]
    assert not resolved(condition, DEFAULTS)
    assert resolved(condition, {**DEFAULTS, "WebAclArn": "arn"})


def test_with_a_domain_whoever_asks_where_the_api_is_is_told_the_domain() -> None:
    outputs = {name: each["Value"] for name, each in translated()["Outputs"].items()}

    assert resolved(outputs["ApiUrl"], OWN_DOMAIN) == "https://auth.example.com"
    assert resolved(outputs["JwksUrl"], OWN_DOMAIN) == "https://auth.example.com/.well-known/jwks.json"
    assert ".execute-api." in resolved(outputs["ApiUrl"], DEFAULTS)
    canary = properties("CanaryFunction", OWN_DOMAIN)["Environment"]["Variables"]
    assert canary["API_URL"] == "https://auth.example.com"


def test_a_domain_is_regional_and_speaks_no_old_tls_and_is_there_only_if_it_is_named() -> None:
    domain = properties("Domain", OWN_DOMAIN)

    assert domain == {
        "DomainName": "auth.example.com",
        "RegionalCertificateArn": CERTIFICATE,
        "EndpointConfiguration": {"Types": ["REGIONAL"]},
        "SecurityPolicy": "TLS_1_2",
    }
    assert properties("DomainMapping") == {
        "DomainName": "Domain",
        "RestApiId": "Api",
        "Stage": "ApiprodStage",
    }
    for part in (translated()["Resources"]["Domain"], translated()["Resources"]["DomainMapping"]):
        assert part["Condition"] == "DomainIsGiven"
    assert translated()["Outputs"]["DomainTarget"]["Condition"] == "DomainIsGiven"


@pytest.mark.parametrize(("given", "disabled"), [("false", False), ("true", True)])
def test_awss_own_name_of_the_api_is_switched_off_by_a_parameter(given: str, *, disabled: bool) -> None:
    [server] = properties("Api", {**DEFAULTS, "DisableExecuteApiEndpoint": given})["Body"]["servers"]

    assert server["x-amazon-apigateway-endpoint-configuration"] == {"disableExecuteApiEndpoint": disabled}


def is_refused(**values: str) -> bool:
    """Whether CloudFormation says no before it begins."""
    given = {**DEFAULTS, **values}
    return not all(
        resolved(assertion["Assert"], given)
        for rule in DOCUMENT["Rules"].values()
        if resolved(rule.get("RuleCondition", True), given)
        for assertion in rule["Assertions"]
    )


@pytest.mark.parametrize(
    ("one", "other", "nothing"),
    [
        ("ClientAddressHeader", "ProxySecretSha256", ""),
        ("DomainName", "CertificateArn", ""),
        ("RequestsPerSecond", "RequestBurst", "0"),
    ],
)
def test_what_belongs_together_comes_together_or_not_at_all(one: str, other: str, nothing: str) -> None:
    for this, that in product((nothing, "5"), repeat=2):
        assert is_refused(**{one: this, other: that}) == (this != that)


def test_an_api_that_would_answer_nowhere_is_refused() -> None:
    assert is_refused(DisableExecuteApiEndpoint="true")
    assert not is_refused(**{**OWN_DOMAIN, "DisableExecuteApiEndpoint": "true"})


# ------------------------------------------------------------------ little by little


def test_at_once_needs_no_codedeploy() -> None:
    assert DEFAULTS["DeploymentPreference"] == "AllAtOnce"

    assert not [each for each in translated()["Resources"].values() if "CodeDeploy" in each["Type"]]
    assert "CodeDeployServiceRole" not in translated()["Resources"]
    assert DOCUMENT["Mappings"]["Deployment"].keys() == {"AllAtOnce", *GRADUAL}


@pytest.mark.parametrize("preference", [GRADUAL[0], GRADUAL[-1]])
def test_gradually_is_with_the_alarms_and_goes_back(preference: str) -> None:
    template = translated(DeploymentPreference=preference)

    groups = resources("AWS::CodeDeploy::DeploymentGroup", template)
    assert groups.keys() == {"AuthorizerFunctionDeploymentGroup", "LoginFunctionDeploymentGroup"}
    for group in groups.values():
        alarms = {alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"]}
        assert group["AlarmConfiguration"]["Enabled"]
        assert alarms == {
            "ApiErrorsAlarm",
            "UnavailableAlarm",
            "AuthorizerFailuresAlarm",
            "AuthorizerSlowAlarm",
        }
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]
        assert preference in str(group["DeploymentConfigName"])
    for function in ("AuthorizerFunction", "LoginFunction"):
        assert "CodeDeployLambdaAliasUpdate" in template["Resources"][f"{function}Aliaslive"]["UpdatePolicy"]
    assert all(
        value == {"IsGradual": True}
        for name, value in DOCUMENT["Mappings"]["Deployment"].items()
        if name in GRADUAL
    )
