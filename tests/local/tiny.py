"""Small stacks for the gateway's tests: a template and one-file functions, written to a folder."""

from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

_HEAD = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Handler: app.handler, Timeout: 5}
"""


def write_stack(folder: Path, template: str, functions: Mapping[str, str]) -> Path:
    """The template's path; each function's code is in the folder of its name."""
    for name, source in functions.items():
        (folder / name).mkdir()
        (folder / name / "app.py").write_text(dedent(source))
    path = folder / "template.yaml"
    path.write_text(_HEAD + dedent(template))
    return path


# One route, without anything else.
OPEN_TEMPLATE = """\
Parameters:
  Greeting: {Type: String, Default: hello, MaxLength: 10}
  Number: {Type: Number, Default: 1, MinValue: 0, MaxValue: 9}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: prod, OpenApiVersion: 3.0.1}
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: hello
      Environment: {Variables: {GREETING: !Ref Greeting}}
      Events:
        Hello: {Type: Api, Properties: {RestApiId: !Ref Api, Path: /hello, Method: GET}}
"""
HELLO = """\
    import os

    def handler(event, context):
        return {"statusCode": 200, "body": os.environ["GREETING"]}
"""
