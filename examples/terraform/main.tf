# A REST API that you have, behind the authorizer of a Rescind stack in the same account and region.

terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

variable "rescind" {
  description = "The name of the Rescind stack."
  type        = string
  default     = "rescind"
}

variable "rest_api_id" {
  description = "The API to put behind it."
  type        = string
}

data "aws_ssm_parameter" "authorizer_arn" {
  name = "/${var.rescind}/authorizer-arn"
}

data "aws_ssm_parameter" "layer_arn" {
  name = "/${var.rescind}/layer-arn"
}

locals {
  # arn : partition : lambda : region : account : function : name : alias
  arn       = split(":", data.aws_ssm_parameter.authorizer_arn.insecure_value)
  partition = local.arn[1]
  region    = local.arn[3]
  account   = local.arn[4]
}

resource "aws_api_gateway_authorizer" "rescind" {
  rest_api_id                      = var.rest_api_id
  name                             = "Rescind"
  type                             = "REQUEST"
  authorizer_uri                   = "arn:${local.partition}:apigateway:${local.region}:lambda:path/2015-03-31/functions/${data.aws_ssm_parameter.authorizer_arn.insecure_value}/invocations"
  identity_source                  = "method.request.header.Authorization"
  authorizer_result_ttl_in_seconds = 0 # The revocation delay. Left out, it is 300.
}

resource "aws_lambda_permission" "api_gateway_asks_rescind" {
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  function_name = join(":", slice(local.arn, 0, 7))
  qualifier     = local.arn[7]
  source_arn    = "arn:${local.partition}:execute-api:${local.region}:${local.account}:${var.rest_api_id}/authorizers/${aws_api_gateway_authorizer.rescind.id}"
}

resource "aws_api_gateway_gateway_response" "refused" {
  rest_api_id         = var.rest_api_id
  response_type       = "UNAUTHORIZED"
  status_code         = "401"
  response_parameters = { "gatewayresponse.header.WWW-Authenticate" = "'Bearer error=\"invalid_token\"'" }
  response_templates  = { "application/json" = "{\"error\": \"invalid_token\"}" }
}

# The authorizer could not tell, so nobody was let in.
resource "aws_api_gateway_gateway_response" "unavailable" {
  for_each            = toset(["AUTHORIZER_FAILURE", "AUTHORIZER_CONFIGURATION_ERROR"])
  rest_api_id         = var.rest_api_id
  response_type       = each.value
  status_code         = "503"
  response_parameters = { "gatewayresponse.header.Retry-After" = "'1'" }
  response_templates  = { "application/json" = "{\"error\": \"temporarily_unavailable\"}" }
}

output "authorizer_id" {
  description = "For each aws_api_gateway_method of yours, beside authorization = \"CUSTOM\"."
  value       = aws_api_gateway_authorizer.rescind.id
}

output "layer_arn" {
  description = "For the layers of each aws_lambda_function of yours that reads its caller."
  value       = data.aws_ssm_parameter.layer_arn.insecure_value
}
