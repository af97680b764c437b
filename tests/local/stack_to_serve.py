"""The small stack that the gateway's tests share: what each function does is up to the request."""

TEMPLATE = """\
Parameters:
  Word: {Type: String, Default: hello}
Resources:
  Api:
    Type: AWS::Serverless::Api
    Properties:
      StageName: prod
      OpenApiVersion: 3.0.1
      Cors: {AllowOrigin: "'https://page.example'", AllowMethods: "'GET'"}
      Auth:
        DefaultAuthorizer: Asked
        AddDefaultAuthorizerToCorsPreflight: false
        Authorizers:
          Asked:
            FunctionArn: !GetAtt Guard.Arn
            FunctionPayloadType: REQUEST
            Identity: {Headers: [Authorization], ReauthorizeEvery: 0}
          Kept:
            FunctionArn: !GetAtt Guard.Arn
            FunctionPayloadType: REQUEST
            Identity: {Headers: [Authorization], ReauthorizeEvery: 300}
          Token:
            FunctionArn: !GetAtt Guard.Arn
            Identity: {Header: X-Key, ReauthorizeEvery: 0}
      GatewayResponses:
        UNAUTHORIZED:
          StatusCode: 401
          ResponseParameters: {Headers: {WWW-Authenticate: "'Bearer'"}}
          ResponseTemplates: {application/json: '{"error": "invalid_token"}'}
        AUTHORIZER_FAILURE:
          StatusCode: 503
          ResponseParameters: {Headers: {Retry-After: "'1'"}}
          ResponseTemplates: {application/json: '{"error": "try_again"}'}
        MISSING_AUTHENTICATION_TOKEN:
          StatusCode: 404
          ResponseTemplates: {application/json: '{"error": "not_found"}'}
        DEFAULT_5XX:
          ResponseParameters: {Headers: {Cache-Control: "'no-store'"}}
          ResponseTemplates: {application/json: '{"error": "server_error"}'}
  Guard: {Type: AWS::Serverless::Function, Properties: {CodeUri: guard, Timeout: 1}}
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: echo
      MemorySize: 512
      Layers: [!Ref Shared]
      Environment:
        Variables: {WORD: !Sub "${Word} ${AWS::StackName}", TABLE: !Ref Things, KEY: !GetAtt Key.Arn}
      Events:
        Asked: {Type: Api, Properties: {RestApiId: !Ref Api, Path: "/asked/{name}", Method: GET}}
        Kept:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: "/kept/{name}", Method: GET, Auth: {Authorizer: Kept}}
        Token:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /token, Method: GET, Auth: {Authorizer: Token}}
        Open:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /open, Method: ANY, Auth: {Authorizer: NONE}}
  Answer:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: answer
      Timeout: 1
      Events:
        Answer:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /answer, Method: POST, Auth: {Authorizer: NONE}}
  Nap:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: nap
      Events:
        Nap:
          Type: Api
          Properties: {RestApiId: !Ref Api, Path: /nap, Method: GET, Auth: {Authorizer: NONE}}
  Shared: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: shared}}
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {}}}
  Things:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      TimeToLiveSpecification: {AttributeName: ttl, Enabled: true}
"""
GUARD = """\
    import time
    import uuid

    def handler(event, context):
        token = event.get("authorizationToken") or event["headers"]["Authorization"]
        if token == "refused":
            raise Exception("Unauthorized")
        if token == "broken":
            raise ValueError("the store is away")
        if token == "slow":
            time.sleep(5)
        if token == "malformed":
            return {"principalId": "me"}
        effect = "Deny" if token == "denied" else "Allow"
        resource = event["methodArn"] if token == "narrow" else "*"
        statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
        return {
            "principalId": "me",
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
            "context": {"answer": str(uuid.uuid4()), "number": 7, "kind": event["type"]},
        }
"""
ECHO = """\
    import json
    import os

    import boto3
    from sharing import shared

    def handler(event, context):
        table = os.environ["TABLE"]
        ttl = boto3.client("dynamodb").describe_time_to_live(TableName=table)
        print("a line of the function's log")
        told = {
            "event": event,
            "environment": dict(os.environ),
            "shared": shared(),
            "ttl": ttl["TimeToLiveDescription"]["TimeToLiveStatus"],
            "context": [
                context.function_name,
                context.memory_limit_in_mb,
                context.invoked_function_arn,
                0 < context.get_remaining_time_in_millis() <= 5000,
            ],
        }
        return {"statusCode": 200, "body": json.dumps(told)}
"""
ANSWER = """\
    import json
    import os
    import sys
    import time

    def handler(event, context):
        order = json.loads(event["body"])
        match order:
            case "raise":
                raise ValueError("as told")
            case "exit":
                os._exit(3)
            case "quit":
                sys.exit("as told")
            case "sleep":
                time.sleep(5)
            case "set":
                return {1, 2}
        return order
"""
NAP = """\
    import json
    import os
    import time

    def handler(event, context):
        started = time.monotonic()
        time.sleep(float(event["queryStringParameters"]["seconds"]))
        nap = {"pid": os.getpid(), "from": started, "to": time.monotonic()}
        return {"statusCode": 200, "body": json.dumps(nap)}
"""
FUNCTIONS = {"guard": GUARD, "echo": ECHO, "answer": ANSWER, "nap": NAP}
