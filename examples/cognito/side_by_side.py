"""Logs in at Cognito, exchanges the token at Rescind, logs out of both, and shows what is still good.

Beside the standard library it takes PyJWT, to check Cognito's signatures. It prints no token and no password.
"""

import argparse
import getpass
import http.client
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import jwt

_ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105 - a type's name
_TIMEOUT_SECONDS = 30
_LONGEST_DELAY_SECONDS = 310  # RevocationDelaySeconds is at most 300, and the authorizer takes up to 5.
_OK, _UNAUTHORIZED = 200, 401
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}

# A part of what Cognito says, and what mends it.
_CURES = {
    "Incorrect username or password": "Check --username, and the password.",
    "UserNotFoundException": "Check --username.",
    "USER_PASSWORD_AUTH flow": "Add ALLOW_USER_PASSWORD_AUTH to the authentication flows of the app client.",
    "secret": "Take an app client without a secret, as pages have: this script has no place to keep one.",
    "ResourceNotFoundException": "Check --client-id and the region in --issuer: there is no such app client.",
}


class TrialError(Exception):
    """It cannot go on; the message says why, and what mends it."""


@dataclass(frozen=True)
class Trial:
    api: str
    issuer: str
    client_id: str
    username: str
    cognito: str

    def rescind(self, method: str, path: str, *, bearer: str = "", body: object = None) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        return ask(method, self.api + path, {"Content-Type": "application/json", **headers}, body)

    def cognito_says(self, operation: str, **parameters: object) -> tuple[int, Any]:
        target = f"AWSCognitoIdentityProviderService.{operation}"
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
        return ask("POST", f"{self.cognito}/", headers, parameters)


def ask(method: str, url: str, headers: Mapping[str, str], body: object = None) -> tuple[int, Any]:
    """The status and the JSON of the answer, {} where it has none."""
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request(method, parts.path, None if body is None else json.dumps(body), dict(headers))
        came = connection.getresponse()
        return came.status, json.loads(came.read() or b"{}")
    except ValueError:
        raise TrialError(
            f"{parts.netloc}{parts.path} is no JSON. Check the addresses and --issuer."
        ) from None
    except (OSError, http.client.HTTPException) as error:
        raise TrialError(f"{parts.netloc} does not answer ({error}). Is it its address, and up?") from error
    finally:
        connection.close()


def public_keys(trial: Trial) -> jwt.PyJWKSet:
    pool = trial.issuer.rpartition("/")[2]
    status, keys = ask("GET", f"{trial.cognito}/{pool}/.well-known/jwks.json", {})
    if status != _OK:
        raise TrialError(f"Cognito has no keys of {trial.issuer} ({status}). Check --issuer.")
    return jwt.PyJWKSet.from_dict(keys)


def log_in(trial: Trial, password: str) -> dict[str, str]:
    """Cognito's tokens, of a new login."""
    status, answer = trial.cognito_says(
        "InitiateAuth",
        ClientId=trial.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": trial.username, "PASSWORD": password},
    )
    if status != _OK:
        said = f"{answer.get('__type')}: {answer.get('message')}"
        cures = [cure for part, cure in _CURES.items() if part in said] or ["Check --issuer and --client-id."]
        raise TrialError(f"Cognito refused the login: {said} {cures[0]}")
    if "AuthenticationResult" not in answer:
        raise TrialError(
            f"Cognito asks for more than the password: {answer.get('ChallengeName')}. "
            "Take a user who has logged in before, without a second factor."
        )
    tokens: dict[str, str] = answer["AuthenticationResult"]
    return tokens


def exchange(trial: Trial, id_token: str) -> str:
    """Rescind's access token, for Cognito's ID token."""
    body = {"subject_token": id_token, "subject_token_type": _ID_TOKEN}
    status, answer = trial.rescind("POST", "/auth/exchange", body=body)
    if status != _OK:
        raise TrialError(
            f"Rescind refused the ID token ({status} {answer.get('error')}). Its TrustedIssuers must have "
            f"{trial.issuer} {trial.client_id}. Either AutoProvision is enabled, or an admin has made "
            "this user. Its log has the reason, at ExchangeRefused."
        )
    return str(answer["access_token"])


def log_out(trial: Trial, ours: str, theirs: Mapping[str, str]) -> None:
    """At Rescind, until that holds everywhere, and then of everything at Cognito."""
    status, answer = trial.rescind("POST", "/auth/logout", bearer=ours, body={})
    if status != _OK:
        raise TrialError(f"Rescind did not log out ({status} {answer.get('error')}). Try again.")
    time.sleep(min(max(answer["effective_by"] - time.time(), 0), _LONGEST_DELAY_SECONDS))
    status, answer = trial.cognito_says("GlobalSignOut", AccessToken=theirs["AccessToken"])
    if status != _OK:
        raise TrialError(f"Cognito did not sign out ({answer.get('__type')}). Try again.")


def at_api_gateway(trial: Trial, keys: jwt.PyJWKSet, token: str) -> str:
    """What its JWT authorizer says, which looks at signature, `iss`, `aud` or `client_id`, and times."""
    try:
        key = keys[jwt.get_unverified_header(token)["kid"]]
        options: Any = {"require": ["iss", "exp"], "verify_aud": False}
        claims = jwt.decode(token, key, algorithms=["RS256"], issuer=trial.issuer, options=options)
    except (jwt.PyJWTError, KeyError):
        return "refused"
    if claims.get("aud", claims.get("client_id")) != trial.client_id:
        return "refused"
    return f"accepted for {(claims['exp'] - int(time.time())) // 60} more minutes"


def looked_at(trial: Trial, keys: jwt.PyJWKSet, ours: str, theirs: Mapping[str, str]) -> dict[str, str]:
    """What each token is good for, where it is shown."""
    return {
        "Rescind's access token, at Rescind": str(trial.rescind("GET", "/auth/me", bearer=ours)[0]),
        "Cognito's ID token, at API Gateway": at_api_gateway(trial, keys, theirs["IdToken"]),
        "Cognito's access token, at API Gateway": at_api_gateway(trial, keys, theirs["AccessToken"]),
    }


def live_through_it(trial: Trial, password: str) -> None:
    keys = public_keys(trial)
    theirs = log_in(trial, password)
    print(f"1. {trial.username} has logged in at Cognito.")
    ours = exchange(trial, theirs["IdToken"])
    _, who = trial.rescind("GET", "/auth/me", bearer=ours)
    print(f"2. Rescind took the ID token: {who.get('user_id')}, with the scope {who.get('scope')!r}.")
    before = looked_at(trial, keys, ours, theirs)
    log_out(trial, ours, theirs)
    print("3. Logged out, of Rescind and of Cognito (GlobalSignOut).\n")
    after = looked_at(trial, keys, ours, theirs)

    print(f"{'':40}{'before':31}after")
    for where, was in before.items():
        print(f"{where:40}{was:31}{after[where]}")
    if next(iter(after.values())) != str(_UNAUTHORIZED):
        raise TrialError("Rescind's token got through. Does something before --api keep its answers?")
    print("\nNext: show your API Rescind's token in place of Cognito's: docs/cognito.md")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--api", required=True, help="of the Rescind stack: its output ApiUrl")
    parser.add_argument("--issuer", required=True, help="https://cognito-idp.<region>.amazonaws.com/<pool>")
    parser.add_argument("--client-id", required=True, help="of an app client without a secret")
    parser.add_argument("--username", required=True, help="of a user of the pool; the password is asked for")
    parser.add_argument("--cognito-endpoint", help="where Cognito is, if not at the issuer's host")
    given = parser.parse_args()
    issuer = urlsplit(given.issuer)
    cognito = given.cognito_endpoint or f"{issuer.scheme}://{issuer.netloc}"
    for name, url in (("--api", given.api), ("--issuer", given.issuer), ("--cognito-endpoint", cognito)):
        parts = urlsplit(url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
            parser.error(f"{name} {url}: it begins with https://, or with http:// on this machine alone")
    trial = Trial(given.api.rstrip("/"), given.issuer, given.client_id, given.username, cognito.rstrip("/"))
    try:
        password = os.environ.get("COGNITO_PASSWORD") or getpass.getpass(f"Password of {given.username}: ")
        live_through_it(trial, password)
    except TrialError as error:
        print(f"side_by_side: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
