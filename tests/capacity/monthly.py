"""What a month costs: what is there without a request; users, here and at Cognito; and a Redis."""

from collections.abc import Mapping
from typing import Any

from rescind.store.credentials import credential_item
from rescind.store.session_rows import session_item
from rescind.store.user_rows import user_item
from tests.capacity.costs import GB, MILLION, memory_of, million_of, prices
from tests.capacity.figures import Figures
from tests.capacity.units import size_of
from tests.functions.conftest import REAL
from tests.template import of_type
from tests.things import PASSWORD, a_credential, a_session, a_user

_SESSIONS_A_USER = 2
_LOADED_BY_SNAPSTART = ("authorizer", "login")
_SECONDS_A_MONTH = 730 * 3600

Table = list[tuple[str, ...]]


def fixed() -> Table:
    cloudwatch, kms = prices()["cloudwatch"], prices()["kms"]
    alarms, cached = alarm_metrics(), cached_gb()
    return [
        ("what", "how many", "USD a month"),
        ("KMS key", "1; each of the first two yearly rotations adds one", usd(kms["key_month"])),
        (
            "alarms, by the metrics they read",
            str(alarms),
            usd(alarms * cloudwatch["alarm_metric_month"]),
        ),
        ("dashboard", "1", usd(cloudwatch["dashboard_month"])),
        (
            "SnapStart, if enabled",
            f"{cached:.1f} GB for each pair of published versions that is kept",
            usd(cached * _SECONDS_A_MONTH * prices()["snapstart"]["cached_gb_second"]),
        ),
        *_stored(),
    ]


def alarm_metrics() -> int:
    """An alarm on a band counts as three: https://aws.amazon.com/cloudwatch/pricing/."""
    return sum(_read_by(alarm) for alarm in of_type("AWS::CloudWatch::Alarm").values())


def _read_by(alarm: Mapping[str, Any]) -> int:
    metrics = [each for each in alarm.get("Metrics", []) if "MetricStat" in each]
    return 3 if "ThresholdMetricId" in alarm else max(1, len(metrics))


def cached_gb() -> float:
    return sum(map(memory_of, _LOADED_BY_SNAPSTART)) / 1024


def _stored() -> Table:
    dynamodb = prices()["dynamodb"]
    gb = bytes_a_user() * MILLION / GB
    what = f"a million users with {_SESSIONS_A_USER} sessions each"
    return [
        (f"tables: {what}", f"{gb:.1f} GB", usd(gb * dynamodb["gb_month"])),
        (f"their point-in-time recovery: {what}", f"{gb:.1f} GB", usd(gb * dynamodb["backup_gb_month"])),
    ]


def bytes_a_user() -> int:
    rows = [user_item(a_user()), credential_item(a_credential(password_hash=_HASH))]
    rows += [session_item(a_session(user_agent="x" * 110))] * _SESSIONS_A_USER
    return sum(size_of(row) + prices()["dynamodb"]["row_overhead_bytes"] for row in rows)


_HASH = REAL.hash(PASSWORD, salt=bytes(16))


def usd(amount: float) -> str:
    return f"{amount:,.2f}"


def beside_cognito(figures: Mapping[str, Figures]) -> Table:
    cognito = prices()["cognito"]
    free = cognito["free_users"]
    rows: Table = [("active users", "Rescind", "Cognito Lite", "Cognito Essentials", "Cognito Plus")]
    for users in (1_000, 10_000, 100_000, MILLION):
        rows.append(
            (
                f"{users:,}",
                usd(month_of(users, figures)),
                usd(_in_steps(users, cognito["lite"], free=free)),
                usd(_in_steps(users, cognito["essentials"], free=free)),
                usd(_in_steps(users, cognito["plus"], free=0)),
            )
        )
    return rows


def month_of(users: int, figures: Mapping[str, Figures]) -> float:
    """All that so many users cost here, but for their requests to your own API, which you pay anyway."""
    does, listed = prices()["user"], prices()
    request = listed["api_gateway"]["million_rest_requests"]
    each: float = does["authorizations"] * million_of(figures["authorization"]).total
    each += does["logins"] * (million_of(figures["login"]).total + request)
    each += does["refreshes"] * (million_of(figures["refresh"]).total + request)
    gb = bytes_a_user() * users / GB
    kept: float = gb * (listed["dynamodb"]["gb_month"] + listed["dynamodb"]["backup_gb_month"])
    return each * users / MILLION + kept + standing()


def standing() -> float:
    """What is there whatever happens: the key, the alarms, the dashboard."""
    cloudwatch = prices()["cloudwatch"]
    watching: float = cloudwatch["dashboard_month"] + alarm_metrics() * cloudwatch["alarm_metric_month"]
    key: float = prices()["kms"]["key_month"]
    return key + watching


def _in_steps(users: int, steps: list[list[float]], *, free: int) -> float:
    total, below = 0.0, float(free)
    for up_to, price in steps:
        total += max(0.0, min(users, up_to) - below) * price
        below = max(below, up_to)
    return total


def beside_redis(figures: Mapping[str, Figures]) -> Table:
    """Reads that go to Redis are saved at DynamoDB; what is there for it is paid by the hour."""
    redis = prices()["redis"]
    hours = redis["hours_a_month"]
    nodes = redis["nodes"] * redis["node_hour"] * hours
    endpoints = redis["zones"] * redis["interface_endpoint_hour"] * hours
    nat = redis["zones"] * redis["nat_gateway_hour"] * hours
    saved = figures["authorization"].reads * prices()["dynamodb"]["million_reads"]
    rows: Table = [
        ("what", "how", "USD a month"),
        (f"{redis['nodes']} nodes", f"{redis['nodes']} x {redis['node_hour']} x {hours} h", usd(nodes)),
        (
            "way to KMS, by interface endpoints",
            f"{redis['zones']} zones x {redis['interface_endpoint_hour']} x {hours} h",
            usd(endpoints),
        ),
        (
            "or by NAT gateways",
            f"{redis['zones']} zones x {redis['nat_gateway_hour']} x {hours} h",
            usd(nat),
        ),
        ("saved, for each million authorizations", f"{figures['authorization'].reads} reads", usd(saved)),
    ]
    for name, way in (("endpoints", endpoints), ("NAT gateways", nat)):
        millions = (nodes + way) / saved
        rows.append((f"even, with {name}", f"at {millions:,.0f} million authorizations a month", ""))
    return rows
