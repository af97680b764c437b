"""Where `make build` puts what it makes, and the environments that it is built and run with."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
BUILD = ROOT / ".aws-sam" / "build"
SAM = ROOT / ".venv-sam" / "bin" / "sam"
LAMBDA_PYTHON = ROOT / ".venv-lambda" / "bin" / "python"
