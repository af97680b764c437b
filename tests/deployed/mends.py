"""What ministack leaves out of a deployment, done by hand: to the template before, or to the stack after.

`test_emulator.py` holds each to be needed still.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.deployed.stack import Cloud

# The template is deployed as it was built, but for these two.


def without_metric_math(template: dict[str, Any]) -> None:
    """An alarm on an expression becomes one on its first metric: ministack creates no others."""
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" not in properties:
            continue
        first = next(each["MetricStat"] for each in properties.pop("Metrics") if "MetricStat" in each)
        properties |= {**first["Metric"], "Period": first["Period"], "Statistic": first["Stat"]}
        if properties.pop("ThresholdMetricId", None):
            properties |= {"Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}


def with_settings_as_text(template: dict[str, Any]) -> None:
    """A number in a function's environment becomes text, as CloudFormation makes it."""
    holders = [template.get("Globals", {}).get("Function", {})]
    holders += [resource.get("Properties", {}) for resource in template["Resources"].values()]
    for holder in holders:
        variables = holder.get("Environment", {}).get("Variables", {})
        variables |= {name: str(value) for name, value in variables.items() if isinstance(value, int)}


# And these two are done to the stack.


def complete(cloud: "Cloud", stack: str, names: Mapping[str, str]) -> set[str]:
    """Do what was left out of a deployment; the names of what that was."""
    found = cloud.client("cloudformation").get_template(StackName=stack, TemplateStage="Processed")
    body = found["TemplateBody"]  # As SAM has translated it.
    resources = dict(json.loads(body) if isinstance(body, str) else body)["Resources"]
    done = set()
    if put_gateway_responses(cloud.client("apigateway"), resources, names):
        done.add("gateway responses")
    if set_time_to_live(cloud.client("dynamodb"), resources, names):
        done.add("time to live")
    return done


def put_gateway_responses(apigateway: Any, resources: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    """Those of the API's document, which are not read when it is imported."""
    were_there = True
    for logical, resource in resources.items():
        if resource["Type"] != "AWS::ApiGateway::RestApi":
            continue
        api = names[logical]
        wanted = resource["Properties"]["Body"]["x-amazon-apigateway-gateway-responses"]
        for kind, response in wanted.items():
            found = apigateway.get_gateway_response(restApiId=api, responseType=kind)
            were_there &= not found["defaultResponse"]
            apigateway.put_gateway_response(
                restApiId=api,
                responseType=kind,
                responseParameters=response.get("responseParameters", {}),
                responseTemplates=response.get("responseTemplates", {}),
                **({"statusCode": str(response["statusCode"])} if "statusCode" in response else {}),
            )
        apigateway.create_deployment(restApiId=api, stageName="prod")
    return not were_there


def set_time_to_live(dynamodb: Any, resources: Mapping[str, Any], names: Mapping[str, str]) -> bool:
    were_there = True
    for logical, resource in resources.items():
        wanted = resource.get("Properties", {}).get("TimeToLiveSpecification")
        if not wanted:
            continue
        state = dynamodb.describe_time_to_live(TableName=names[logical])["TimeToLiveDescription"]
        if state.get("TimeToLiveStatus") not in {"ENABLED", "ENABLING"}:
            were_there = False
            dynamodb.update_time_to_live(TableName=names[logical], TimeToLiveSpecification=wanted)
    return not were_there
