"""What ministack leaves out of a deployment, done by hand: to the template before, or to the stack after.

`test_emulator.py` holds each to be needed still.
"""

import json
from collections.abc import Mapping
from typing import Any

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


def put_gateway_responses(apigateway: Any, processed: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Those of the API's document, which are not read when it is imported."""
    for logical, resource in processed["Resources"].items():
        if resource["Type"] != "AWS::ApiGateway::RestApi":
            continue
        body = resource["Properties"]["Body"]
        for kind, response in body["x-amazon-apigateway-gateway-responses"].items():
            apigateway.put_gateway_response(
                restApiId=names[logical],
                responseType=kind,
                responseParameters=response.get("responseParameters", {}),
                responseTemplates=response.get("responseTemplates", {}),
                **({"statusCode": str(response["statusCode"])} if "statusCode" in response else {}),
            )
        apigateway.create_deployment(restApiId=names[logical], stageName="prod")


def set_time_to_live(dynamodb: Any, processed: Mapping[str, Any], names: Mapping[str, str]) -> None:
    for logical, resource in processed["Resources"].items():
        wanted = resource.get("Properties", {}).get("TimeToLiveSpecification")
        if wanted and not has_time_to_live(dynamodb, names[logical]):
            dynamodb.update_time_to_live(TableName=names[logical], TimeToLiveSpecification=wanted)


def has_time_to_live(dynamodb: Any, table: str) -> bool:
    state = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    return state.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}


def processed_template(cloudformation: Any, stack: str) -> dict[str, Any]:
    """As SAM has translated it."""
    body = cloudformation.get_template(StackName=stack, TemplateStage="Processed")["TemplateBody"]
    return dict(json.loads(body) if isinstance(body, str) else body)
