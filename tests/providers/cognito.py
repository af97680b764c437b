"""A user pool of Cognito's, as ministack has it: who may log in there, and what its keys say of a token."""

from dataclasses import dataclass
from itertools import count
from typing import Any, Self

import boto3
import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

PASSWORD = "Correct-Horse-9-Battery"
_NUMBERS = count(1)


@dataclass(frozen=True)
class UserPool:
    """Pages log in at it by `app`, which our stack trusts, or by `other_app`, which it does not."""

    endpoint: str
    cognito: Any
    pool_id: str
    app: str
    other_app: str
    keys: jwt.PyJWKClient

    @classmethod
    def made(cls, endpoint: str) -> Self:
        cognito = boto3.client(
            "cognito-idp",
            endpoint_url=endpoint,
            region_name="us-east-1",
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
        )
        pool_id = cognito.create_user_pool(PoolName="shop")["UserPool"]["Id"]
        app, other_app = (
            cognito.create_user_pool_client(
                UserPoolId=pool_id,
                ClientName=name,
                ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
            )["UserPoolClient"]["ClientId"]
            for name in ("page", "another-page")
        )
        cognito.create_group(UserPoolId=pool_id, GroupName="admins")
        keys = jwt.PyJWKClient(f"{endpoint}/{pool_id}/.well-known/jwks.json")
        return cls(endpoint, cognito, pool_id, app, other_app, keys)

    @property
    def issuer(self) -> str:
        return f"https://cognito-idp.us-east-1.amazonaws.com/{self.pool_id}"

    def add_user(self, *groups: str) -> str:
        """Their username."""
        username = f"user-{next(_NUMBERS)}"
        user = {"UserPoolId": self.pool_id, "Username": username}
        self.cognito.admin_create_user(**user, MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
        for group in groups:
            self.cognito.admin_add_user_to_group(**user, GroupName=group)
        return username

    def leave(self, username: str, group: str) -> None:
        self.cognito.admin_remove_user_from_group(UserPoolId=self.pool_id, Username=username, GroupName=group)

    def log_in(self, username: str, *, app: str | None = None) -> dict[str, str]:
        """IdToken, AccessToken and RefreshToken."""
        answer = self.cognito.initiate_auth(
            ClientId=app or self.app,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": PASSWORD},
        )
        tokens: dict[str, str] = answer["AuthenticationResult"]
        return tokens

    def refresh(self, tokens: dict[str, str]) -> None:
        self.cognito.initiate_auth(
            ClientId=self.app,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        )

    def sign_out_everywhere(self, tokens: dict[str, str]) -> None:
        self.cognito.global_sign_out(AccessToken=tokens["AccessToken"])

    def verify(self, token: str) -> dict[str, Any]:
        """The claims, when the token is good by the pool's public keys: all that API Gateway looks at.

        Raises:
            PyJWTError: it is not.
        """
        claims: dict[str, Any] = jwt.decode(
            token,
            self.keys.get_signing_key_from_jwt(token),
            algorithms=["RS256"],
            issuer=self.issuer,
            options={"require": ["iss", "exp"], "verify_aud": False},
        )
        assert claims.get("aud", claims.get("client_id")) in {self.app, self.other_app}
        return claims

    def forged(self, token: str) -> str:
        """The same claims and key id, signed by somebody else."""
        kid = jwt.get_unverified_header(token)["kid"]
        claims = jwt.decode(token, options={"verify_signature": False})
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return jwt.encode(claims, key, algorithm="RS256", headers={"kid": kid})
