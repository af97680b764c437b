"""The AWS account that there is on this machine."""

REGION = "us-east-1"
ACCOUNT = "000000000000"
# Any will do, and no others are used: whatever the endpoint is, it never sees yours.
CREDENTIALS = {"aws_access_key_id": "local", "aws_secret_access_key": "local"}
