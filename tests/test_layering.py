"""One rule for each folder: who may import what, how long a module may be, what the authorizer loads."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.things import SETTINGS

ROOT = Path(__file__).parent.parent
LAYER = ROOT / "layers" / "rescind"
PACKAGE = LAYER / "rescind"

MODULES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
FUNCTIONS = {path.parent.name: path for path in sorted(ROOT.glob("functions/*/app.py"))}

# Time, randomness, the environment and AWS: all of it comes as an argument.
IMPURE = {"boto3", "botocore", "os", "time", "datetime", "random", "secrets", "uuid"}
NETWORK = {"urllib.request", "http", "socket", "ssl", "urllib3"}
# Our own modules that have one of them.
IMPURE_OF_OURS = {
    f"rescind.{name}"
    for name in (
        "admin",
        "audit",
        "authorizer_wiring",
        "aws",
        "cloudformation",
        "connection",
        "deadline",
        "dynamodb",
        "endpoint",
        "feed_reader",
        "garbage",
        "ids",
        "invocation",
        "issuer_documents",
        "issuer_keys",
        "keyring",
        "keys",
        "new_keys",
        "sdk",
        "signing",
        "snapshot",
        "store",
        "taken_back",
        "wiring",
    )
}


def imports(path: Path) -> Iterator[str]:
    """Every module that this one imports, wherever the import stands; `from a import b` may mean `a.b`."""
    return imports_of(path.read_text(encoding="utf-8"))


def imports_of(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "it imports relatively"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def has(imported: str, names: set[str]) -> bool:
    """Whether it is one of these modules, or inside one."""
    return any(imported == name or imported.startswith(f"{name}.") for name in names)


def importers_of(name: str) -> set[str]:
    return {module for module, path in MODULES.items() if any(has(each, {name}) for each in imports(path))}


def is_pure(module: str) -> bool:
    return module.startswith(("rules/", "web/", "flows/")) or module in {
        "verdict.py",
        "verdict_by_feed.py",
        "model.py",
        "reasons.py",
    }


def test_the_modules_are_found() -> None:
    assert {"verdict.py", "rules/sessions.py", "web/cookies.py", "flows/end.py"} <= MODULES.keys()
    assert {"authorizer", "login", "refresh", "logout"} <= FUNCTIONS.keys()


@pytest.mark.parametrize("module", [module for module in MODULES if is_pure(module)])
def test_what_decides_has_no_clock_no_chance_no_environment_and_no_aws(module: str) -> None:
    found = {each for each in imports(MODULES[module]) if has(each, IMPURE | IMPURE_OF_OURS)}

    assert found == set()


def test_nobody_opens_an_address_but_for_dynamodb_cloudformation_the_canary_and_trusted_issuers() -> None:
    # Chance for TLS connections is added where a sandbox is restored, which opens none.
    allowed = {"snapshot.py": {"ssl", "ssl.RAND_add"}}
    of_the_layer = {
        name
        for name, path in MODULES.items()
        if any(has(each, NETWORK) for each in set(imports(path)) - allowed.get(name, set()))
    }
    of_functions = {
        name for name, path in FUNCTIONS.items() if any(has(each, NETWORK) for each in imports(path))
    }

    assert of_the_layer == {"cloudformation.py", "connection.py", "issuer_documents.py"}
    assert of_functions == {"canary"}
    assert importers_of("rescind.connection") == {"dynamodb.py"}
    assert importers_of("rescind.dynamodb") == {"authorizer_wiring.py"}
    assert importers_of("rescind.issuer_documents") == {"wiring.py"}


@pytest.mark.parametrize("module", [module for module in MODULES if is_pure(module)])
def test_what_decides_imports_nothing_behind_ones_back(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text(encoding="utf-8"))

    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

    assert not named & {"__import__", "importlib", "open", "exec", "eval"}


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("rules/")])
def test_the_rules_know_nothing_of_requests_and_of_stores(module: str) -> None:
    above = {"rescind.web", "rescind.flows", "rescind.verdict", "rescind.settings"}

    assert {each for each in imports(MODULES[module]) if has(each, above)} == set()


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("flows/")])
def test_the_flows_know_nothing_of_requests(module: str) -> None:
    assert {each for each in imports(MODULES[module]) if has(each, {"rescind.web"})} == set()


def test_only_the_stores_and_the_keys_call_aws() -> None:
    callers = importers_of("rescind.aws")

    assert {module for module in callers if not module.startswith("store/")} == {"keys.py", "sdk.py"}
    # The wiring makes clients and calls nothing; before a snapshot some are made and thrown away.
    assert importers_of("rescind.sdk") == {"authorizer_wiring.py", "snapshot.py", "wiring.py"}


def test_one_module_makes_clients_of_the_sdk_and_one_knows_its_failures() -> None:
    assert importers_of("boto3") == set()
    assert importers_of("botocore") == {"aws.py", "sdk.py"}
    assert {each for each in imports(MODULES["aws.py"]) if has(each, {"botocore"})} == {
        "botocore.exceptions",
        "botocore.exceptions.BotoCoreError",
        "botocore.exceptions.ClientError",
    }


def test_what_nobody_has_verified_is_for_who_explains_a_token_and_decides_nothing() -> None:
    assert importers_of("rescind.rules.unverified") == {"flows/explain.py"}
    assert importers_of("rescind.flows.explain") | importers_of("rescind.flows.checks") == {
        "admin/explain.py",
        "flows/explain.py",
    }


def test_only_the_keys_function_answers_cloudformation() -> None:
    assert importers_of("rescind.cloudformation") == set()
    asked = {name for name, path in FUNCTIONS.items() if "rescind.cloudformation" in set(imports(path))}
    assert asked == {"keys"}


def test_what_makes_callers_up_is_imported_by_nothing_that_is_deployed() -> None:
    assert importers_of("rescind.testing") == set()
    assert {name for name, path in FUNCTIONS.items() if "rescind.testing" in set(imports(path))} == set()


def test_the_functions_know_no_boto3_and_no_store() -> None:
    forbidden = {"boto3", "botocore", "rescind.aws", "rescind.store", "rescind.keys"}

    found = {
        (name, each) for name, path in FUNCTIONS.items() for each in imports(path) if has(each, forbidden)
    }

    assert found == set()


def test_the_package_of_the_stores_imports_nothing() -> None:
    # Or the authorizer would load every store to use one.
    assert list(imports(PACKAGE / "store" / "__init__.py")) == []


ALL = {**MODULES, **{f"functions/{name}": path for name, path in FUNCTIONS.items()}}


@pytest.mark.parametrize("module", [name for name, path in ALL.items() if path.stat().st_size])
def test_a_module_opens_with_what_it_is(module: str) -> None:
    assert ast.get_docstring(ast.parse(ALL[module].read_text(encoding="utf-8")))


@pytest.mark.parametrize("module", ALL)
def test_a_module_is_short(module: str) -> None:
    lines = ALL[module].read_text(encoding="utf-8").count("\n")

    assert lines < (90 if module.startswith("functions/") else 200)


# What could go on when a function has answered, or when it ends.
BEHIND = {
    "threading",
    "_thread",
    "concurrent",
    "multiprocessing",
    "asyncio",
    "subprocess",
    "atexit",
    "signal",
}


@pytest.mark.parametrize("module", ALL)
def test_no_function_has_the_means_to_go_on_behind_its_answer(module: str) -> None:
    assert {each for each in imports(ALL[module]) if has(each, BEHIND)} == set()


CLOCKS = {"time", "time_ns", "monotonic", "sleep"}
# A request to AWS is signed with the time of day, in UTC.
SIGNED = {"gmtime", "strftime"}
KNOW_TIMES_OF_DAY = {"datetime", "calendar", "zoneinfo", "email", "locale", "dateutil"}
# How long one request has taken by itself, and nothing that is kept from one to the next.
MEASURING = {
    "functions/canary",
    "admin/everyone.py",
    "admin/imports.py",
    "deadline.py",
    "issuer_documents.py",
}
# And how long something is kept, by the larger of both clocks: either may have stood still, or been set back.
BY_BOTH_CLOCKS = {"feed_reader.py"}


def clocks_in(source: str) -> Iterator[str]:
    """What a module takes from `time`, and what it imports that knows of times of day."""
    yield from (
        each for each in imports_of(source) if has(each, KNOW_TIMES_OF_DAY) or each.startswith("time.")
    )
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.alias(name="time", asname=str(name)):
                yield f"time as {name}"
            case ast.Attribute(value=ast.Name(id="time"), attr=name):
                yield name
            case _:
                pass


def test_no_function_knows_what_a_clock_on_a_wall_shows() -> None:
    used = {module: set(clocks_in(path.read_text(encoding="utf-8"))) for module, path in ALL.items()}

    assert {"functions/refresh", "keyring.py"} <= used.keys()
    used["signing.py"] -= SIGNED
    assert set().union(*used.values()) <= CLOCKS
    assert {module for module, clocks in used.items() if "monotonic" in clocks} == MEASURING | BY_BOTH_CLOCKS


@pytest.mark.parametrize(
    "source",
    [
        "import datetime",
        "from datetime import datetime as d",
        "import time as t",
        "from time import localtime",
        "import time\nnow = time.mktime(then)",
        "import calendar",
        "import email.utils",
    ],
)
def test_a_clock_on_a_wall_would_be_found(source: str) -> None:
    assert not set(clocks_in(source)) <= CLOCKS


def loaded_by(program: str, **settings: str) -> set[str]:
    """The modules that a fresh sandbox has loaded when it has run this program."""
    environment = {
        "PYTHONPATH": str(LAYER),
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        **{name.upper(): str(value) for name, value in asdict(SETTINGS).items()},
        "ALLOWED_ORIGINS": ",".join(SETTINGS.allowed_origins),
        **settings,
    }
    finished = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", f"{program}\nimport sys\nprint(*sys.modules)"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return set(finished.stdout.split())


STRICT = {"rescind.store.sessions", "rescind.store.state", "rescind.store.users"}
BY_THE_FEED = {
    "rescind.feed_reader",
    "rescind.flows.authenticate_by_feed",
    "rescind.rules.remembered",
    "rescind.rules.revocations",
    "rescind.store.announcements",
    "rescind.verdict_by_feed",
}


@pytest.mark.parametrize(
    ("settings", "its_own", "the_others"),
    [
        pytest.param({}, {"rescind.store.state"}, BY_THE_FEED, id="strict"),
        pytest.param(
            {"REVOCATION_CHECK": "feed", "REVOCATION_DELAY_SECONDS": "1"},
            BY_THE_FEED,
            STRICT,
            id="feed",
        ),
    ],
)
def test_the_authorizer_loads_no_password_hashing_and_nothing_that_writes(
    settings: dict[str, str], its_own: set[str], the_others: set[str]
) -> None:
    loaded = loaded_by(
        "from functions.authorizer import app\napp.authorizer_wiring.authenticator()", **settings
    )

    assert its_own <= loaded
    unneeded = {
        "argon2",
        "boto3",
        # Powertools loads `botocore` itself, which is next to nothing.
        "botocore.client",
        "botocore.session",
        "jwt",
        "precis_i18n",
        "rescind.admin",
        "rescind.endpoint",
        "rescind.flows.login",
        "rescind.flows.logins",
        "rescind.flows.refresh",
        "rescind.ids",
        "rescind.rules.issuer_tokens",
        "rescind.rules.passwords",
        "rescind.rules.provider_keys",
        "rescind.rules.subject_tokens",
        "rescind.rules.throttle",
        "rescind.rules.trusted_issuers",
        "rescind.store.accounts",
        "rescind.store.blocklist",
        "rescind.store.credentials",
        "rescind.store.feed",
    }
    assert loaded & (unneeded | the_others) == set()


_OF_OTHERS = {
    "boto3",
    "cryptography.x509",
    "jwt",
    "rescind.admin",
    "rescind.dynamodb",
    "rescind.exchange_settings",
    "rescind.flows.accounts",
    "rescind.flows.exchange",
    "rescind.flows.logins",
    "rescind.issuer_keys",
    "rescind.rules.issuer_tokens",
    "rescind.rules.jwks",
    "rescind.rules.provider_keys",
    "rescind.store.accounts",
    "rescind.store.logins",
    "s3transfer",
}
_NO_PASSWORDS = {
    "argon2",
    "precis_i18n",
    "rescind.flows.throttle",
    "rescind.rules.passwords",
    "rescind.rules.preparation",
    "rescind.rules.throttle",
    "rescind.store.attempts",
    "rescind.store.credentials",
}


@pytest.mark.parametrize(
    ("function", "built", "unneeded"),
    [
        pytest.param(
            "login",
            ["credentials", "users", "sessions", "attempts", "keyring", "kms"],
            {"rescind.flows.refresh", "rescind.store.blocklist", "rescind.store.state"},
            id="login",
        ),
        pytest.param(
            "refresh",
            ["states", "sessions", "keyring", "kms"],
            {*_NO_PASSWORDS, "rescind.flows.open_session", "rescind.store.blocklist"},
            id="refresh",
        ),
        pytest.param(
            "logout",
            ["keyring", "states", "sessions", "users", "blocklist"],
            {*_NO_PASSWORDS, "rescind.flows.issue", "rescind.flows.refresh", "rescind.ids"},
            id="logout",
        ),
    ],
)
def test_a_first_request_loads_nothing_that_it_does_not_need(
    function: str, built: list[str], unneeded: set[str]
) -> None:
    builds = "".join(f"wiring.{name}()\n" for name in built)

    loaded = loaded_by(f"from functions.{function} import app\nfrom rescind import wiring\n{builds}")

    assert {"rescind.keyring", "rescind.sdk", "botocore.client"} <= loaded
    assert loaded & (_OF_OTHERS | unneeded) == set()


def test_bcrypt_is_loaded_where_a_hash_of_it_is_met() -> None:
    # In a sandbox `cryptography` takes it too, where it finds it (0.3 ms): this is about us alone.
    verify = """
from rescind.rules import passwords
from rescind.rules.hash_parameters import HashParameters

of = HashParameters(64, 1, 1)
password_hash = {password_hash}
try:
    passwords.verify_password("a-password", password_hash=password_hash, parameters=of)
except passwords.WrongPasswordError:
    pass"""
    ours = "passwords.hash_password('a-password', salt=bytes(16), parameters=of)"
    of_bcrypt = f"'$2b$04${'.' * 53}'"

    assert "bcrypt" not in loaded_by(verify.format(password_hash=ours))
    assert "bcrypt" in loaded_by(verify.format(password_hash=of_bcrypt))


def test_a_protected_function_loads_neither_boto3_nor_cryptography() -> None:
    loaded = loaded_by("from functions.me import app")

    assert "rescind.web.caller" in loaded
    assert loaded & {"boto3", "argon2", "jwt", "cryptography", "precis_i18n", "rescind.aws"} == set()
