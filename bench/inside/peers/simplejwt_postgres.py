"""djangorestframework-simplejwt with CHECK_REVOKE_TOKEN: its authentication class, on a request of Django's.

A token is revoked when its user's password is another one, so each request reads the user, from Postgres: one
lasting connection, statements prepared at once, key objects in place of PEM.
"""

from collections.abc import Callable
from typing import Any

import django
from django.conf import settings

from bench.inside.peers.keys import PRIVATE, PUBLIC


def prepare(asked: Any) -> Callable[[str], bool]:
    _configure(asked["postgres"])
    # Only now, as they read the settings.
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415
    from django.test import RequestFactory  # noqa: PLC0415
    from rest_framework.exceptions import APIException  # noqa: PLC0415
    from rest_framework_simplejwt.authentication import JWTAuthentication  # noqa: PLC0415
    from rest_framework_simplejwt.tokens import AccessToken  # noqa: PLC0415

    call_command("migrate", verbosity=0)
    users = {
        name: get_user_model().objects.create_user(username=name, password="of before")  # noqa: S106 - opens nothing
        for name in ("live", "revoked")
    }
    requests = {
        name: RequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {AccessToken.for_user(user)}")
        for name, user in users.items()
    }
    users["revoked"].set_password("another")
    users["revoked"].save()
    authentication = JWTAuthentication()

    def decide(which: str) -> bool:
        try:
            return authentication.authenticate(requests[which]) is not None
        except APIException:
            return False

    return decide


def _configure(folder: str) -> None:
    settings.configure(
        SECRET_KEY="opens nothing",  # noqa: S106 - as it says
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "rest_framework"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # No login is measured.
        USE_TZ=True,
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": folder,
                "NAME": "postgres",
                "USER": "bench",
                "CONN_MAX_AGE": None,
                "OPTIONS": {"server_side_binding": True, "prepare_threshold": 0},
            }
        },
        SIMPLE_JWT={
            "ALGORITHM": "ES256",
            "SIGNING_KEY": PRIVATE,
            "VERIFYING_KEY": PUBLIC,
            "CHECK_REVOKE_TOKEN": True,
        },
    )
    django.setup()
