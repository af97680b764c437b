"""KMS: makes keys that nobody here has seen, and opens them for those who may."""

from collections.abc import Callable
from typing import Any

from rescind import aws
from rescind.rules.key_set import Purpose


class KeyService:
    def __init__(self, client: Callable[[], Any], *, kms_key_id: str, stack: str) -> None:
        self._client = client
        self._kms_key_id = kms_key_id
        self._stack = stack

    def new_signing_key(self) -> tuple[bytes, bytes]:
        """A P-256 key pair: the public key (SubjectPublicKeyInfo, DER) and the encrypted private one."""
        made = aws.call(
            self._client().generate_data_key_pair_without_plaintext,
            KeyId=self._kms_key_id,
            KeyPairSpec="ECC_NIST_P256",
            EncryptionContext=self._context(Purpose.ACCESS_TOKEN),
        )
        return made["PublicKey"], made["PrivateKeyCiphertextBlob"]

    def new_mac_secret(self) -> bytes:
        """32 random bytes, encrypted."""
        made = aws.call(
            self._client().generate_data_key_without_plaintext,
            KeyId=self._kms_key_id,
            KeySpec="AES_256",
            EncryptionContext=self._context(Purpose.REFRESH_TOKEN),
        )
        return bytes(made["CiphertextBlob"])

    def open(self, encrypted: bytes, *, purpose: Purpose) -> bytes:
        """The plaintext: a private key (PKCS #8, DER), or the 32 bytes of a mac secret."""
        opened = aws.call(
            self._client().decrypt,
            KeyId=self._kms_key_id,
            CiphertextBlob=encrypted,
            EncryptionContext=self._context(purpose),
        )
        return bytes(opened["Plaintext"])

    def _context(self, purpose: Purpose) -> dict[str, str]:
        """What a function's policy names to say which keys it may open."""
        return {"purpose": purpose.value, "stack": self._stack}
