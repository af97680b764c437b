"""A cold start as a whole process: a function is imported, decides once, and the process ends.

Says how much memory that took. Nothing is imported here that Python has not loaded by itself, but for json.
"""

import json
import sys


class _Context:
    function_name = "authorizer"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:authorizer"
    aws_request_id = "0f5f1a9e-0000-4000-8000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        return 5000


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would be one more import
        event = json.load(file)
    from app import handler  # type: ignore[import-not-found]  # noqa: PLC0415 - whichever is on the path

    answer = handler(event, _Context())
    if "policyDocument" in answer:
        granted = answer["policyDocument"]["Statement"][0]["Effect"] == "Allow"
    else:
        granted = answer["statusCode"] == 200  # noqa: PLR2004 - HTTP's
    if not granted:
        raise SystemExit("what should be granted is not")
    _say_memory()


def _say_memory() -> None:
    """The most that this process held, in KiB; getrusage would count the parent's before exec, too."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123 - as above
            lines = [line for line in status if line.startswith("VmHWM")]
        peak = int(lines[0].split()[1])
    except OSError:
        import resource  # noqa: PLC0415 - macOS

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sys.stderr.write(f"\npeak {peak}\n")


if __name__ == "__main__":
    main(sys.argv[1])
