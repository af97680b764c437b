"""The pair that peers sign and verify with, loaded once: ES256, as ours."""

import base64
import os
from typing import Any

from cryptography.hazmat.primitives.serialization import load_der_private_key, load_der_public_key

PUBLIC: Any = load_der_public_key(base64.b64decode(os.environ["PUBLIC_KEY"]))
PRIVATE: Any = load_der_private_key(base64.b64decode(os.environ["PRIVATE_KEY"]), None)
