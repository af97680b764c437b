"""What is there once the gateway serves: custom resources, accounts, and open routes where nothing guards."""

import re
from functools import partial
from pathlib import Path

import httpx
import pytest

import rescind_local
from rescind_local.deploy.template import read_template
from rescind_local.deployment import is_loopback
from tests.local.tiny import write_stack
from tests.local_gateway import ROOT, running_gateway

# Guarded by default; ACCOUNTS keeps what it is sent in the table, MAKER what its custom resource says.
TEMPLATE = """\
Parameters:
  Word: {Type: String, Default: first}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      OpenApiVersion: 3.0.1
      Auth:
        DefaultAuthorizer: Closed
        Authorizers:
          Closed:
            FunctionArn: !GetAtt Guard.Arn
            FunctionPayloadType: REQUEST
            Identity: {Headers: [Authorization]}
  Guard: {Type: AWS::Serverless::Function, Properties: {CodeUri: guard}}
  Accounts:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: accounts
      Environment: {Variables: {TABLE: !Ref Things}}
      Events:
        Make: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /admin/users, Method: POST}}
        List:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /list, Method: GET, Auth: {Authorizer: NONE}}
        Own: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /own, Method: GET}}
  Made:
    Type: Custom::Made
    Properties: {ServiceToken: !GetAtt Maker.Arn, Table: !Ref Things, Words: [!Sub "the ${Word}"]}
  Maker: {Type: AWS::Serverless::Function, Properties: {CodeUri: maker}}
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
"""
GUARD = """\
    def handler(event, context):
        raise Exception("Unauthorized")
"""
ACCOUNTS = """\
    import json
    import os

    import boto3

    def handler(event, context):
        dynamodb = boto3.client("dynamodb")
        table = os.environ["TABLE"]
        if event["httpMethod"] == "GET":
            items = dynamodb.scan(TableName=table, ConsistentRead=True)["Items"]
            told = {item["id"]["S"]: json.loads(item["text"]["S"]) for item in items}
            return {"statusCode": 200, "body": json.dumps(told)}
        user = json.loads(event["body"])
        text = json.dumps([user["scope"], event["requestContext"]["authorizer"]])
        try:
            dynamodb.put_item(
                TableName=table,
                Item={"id": {"S": user["username"]}, "text": {"S": text}},
                ConditionExpression="attribute_not_exists(id)",
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return {"statusCode": 409}
        return {"statusCode": 201}
"""
MAKER = """\
    import json
    import urllib.request

    import boto3

    def handler(event, context):
        item = {"id": {"S": "made"}, "text": {"S": json.dumps(event)}}
        boto3.client("dynamodb").put_item(TableName=event["ResourceProperties"]["Table"], Item=item)
        answer = json.dumps({"Status": "SUCCESS"}).encode()
        urllib.request.urlopen(urllib.request.Request(event["ResponseURL"], answer, method="PUT")).close()
"""
FUNCTIONS = {"guard": GUARD, "accounts": ACCOUNTS, "maker": MAKER}


@pytest.fixture
def template(tmp_path: Path) -> Path:
    return write_stack(tmp_path, TEMPLATE, FUNCTIONS)


def test_custom_resources_and_accounts_are_made_before_it_serves(template: Path) -> None:
    with running_gateway(template=template) as gateway:
        kept = httpx.get(f"{gateway.base_url}/list").json()
        closed = httpx.get(f"{gateway.base_url}/own")
        said = gateway.output()

    assert closed.status_code == 401
    made = kept["made"]
    assert made["RequestType"] == "Create"
    assert (made["LogicalResourceId"], made["ResourceType"]) == ("Made", "Custom::Made")
    assert made["ResourceProperties"]["Words"] == ["the first"]
    assert made["StackId"].startswith("arn:aws:cloudformation:us-east-1:000000000000:stack/local/")
    assert (kept["demo"][0], kept["admin"][0]) == ("", "admin introspect")
    assert kept["demo"][1]["scope"] == "admin introspect"
    assert re.fullmatch(r"usr_[\w-]{22}", kept["demo"][1]["sub"])
    assert "password correct-horse-battery-staple" in said
    assert "gone at Ctrl-C" in said


@pytest.mark.proof
def test_deleting_the_authorizer_from_the_template_opens_its_routes(template: Path) -> None:
    guarded = template.read_text()
    opened_up = re.sub(r"      Auth:\n.*?(?=  Guard:)", "", guarded, flags=re.DOTALL)
    # SAM takes NONE only where there is a default that it is an exception to.
    template.write_text(opened_up.replace(", Auth: {Authorizer: NONE}", ""))
    with running_gateway(template=template) as gateway:
        answer = httpx.get(f"{gateway.base_url}/own")

    assert answer.status_code == 200


@pytest.mark.proof
def test_another_endpoint_keeps_everything_from_one_start_to_the_next(template: Path, ministack: str) -> None:
    environment = {"AWS_ENDPOINT_URL": ministack, "AWS_PROFILE": "mine"}
    start = partial(running_gateway, template=template, environment=environment, arguments=["--stack", "own"])
    with start() as gateway:
        first = httpx.get(f"{gateway.base_url}/list").json()
    with start(parameters={"Word": "second"}) as gateway:
        second = httpx.get(f"{gateway.base_url}/list").json()
        said = gateway.output()

    assert second["demo"] == first["demo"]
    assert second["made"]["ResourceProperties"]["Words"] == ["the second"]
    assert ":stack/own/" in second["made"]["StackId"]
    assert f"What it keeps is at {ministack}." in said


@pytest.mark.parametrize(
    ("endpoint", "seeded"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://127.8.9.1:4566", True),
        ("http://localhost:4566", True),
        ("http://aws.localhost:4566", True),
        ("http://[::1]:4566", True),
        ("http://0.0.0.0:4566", False),
        ("http://192.168.1.2:4566", False),
        ("https://dynamodb.us-east-1.amazonaws.com", False),
        ("http://localhost.example:4566", False),
        ("http://127.0.0.1.example", False),
        ("nonsense", False),
    ],
)
def test_only_an_endpoint_on_this_machine_is_given_accounts(endpoint: str, *, seeded: bool) -> None:
    assert is_loopback(endpoint) is seeded


def test_the_gateway_knows_nothing_of_the_template_that_it_serves() -> None:
    template = read_template(ROOT / "infra" / "template.yaml", [])
    kinds = ("AWS::Lambda::Function", "AWS::DynamoDB::Table", "AWS::KMS::Key")
    names = {name for name, resource in template.resources.items() if resource["Type"] in kinds}
    names |= set(template.values) - {"Environment"}  # which is a property of Lambda's, too
    segments = {part for path in template.document["paths"] for part in path.split("/") if len(part) > 4}

    for module in Path(str(rescind_local.__file__)).parent.rglob("*.py"):
        if module.name != "seed.py":
            text = module.read_text()
            assert [name for name in names if name in text] == []
            assert [path for path in template.document["paths"] if path in text] == []
            assert [part for part in segments if f'"{part}"' in text or f"/{part}" in text] == []
