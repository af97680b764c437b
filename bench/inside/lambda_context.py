"""What Lambda tells a function of its invocation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Context:
    function_name: str = "authorizer"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:authorizer"
    aws_request_id: str = "0f5f1a9e-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 5000
