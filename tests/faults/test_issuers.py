"""Another issuer that is out of reach, slow or confused: 503, and nothing is asked of AWS."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from rescind.issuer_documents import IssuerDocuments
from tests import issuers
from tests.faults import asks
from tests.faults.world import World
from tests.issuers import CLIENT, Site
from tests.sandbox import timeout_of

pytestmark = pytest.mark.ministack

_UNTIL_IT_IS_ASKED_AGAIN_SECONDS = 10


@dataclass
class Scene:
    world: World
    site: Site

    def begin(self) -> None:
        issuer = {"TRUSTED_ISSUERS": f"{self.site.issuer.name} {CLIENT}", "AUTO_PROVISION": "enabled"}
        self.world.begin(issuer)


@pytest.fixture
def scene(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    with issuers.served() as site:
        monkeypatch.setattr(world, "issuer", site.issuer)
        monkeypatch.setattr(world, "documents", IssuerDocuments(aws_endpoint=None))
        yield Scene(world, site)


def fails(site: Site) -> None:
    site.status = 503


def redirects(site: Site) -> None:
    site.status = 302


def says_something_else(site: Site) -> None:
    site.body = b"<html>"


def has_no_keys(site: Site) -> None:
    site.body = b"{}"


def is_another_by_its_own_words(site: Site) -> None:
    site.body = b'{"issuer": "https://id.example.org", "jwks_uri": "https://id.example.org/jwks"}'


def is_slow(site: Site) -> None:
    site.delay_seconds = 3


every_ask = pytest.mark.parametrize(
    "ask",
    [
        pytest.param(asks.exchange(), id="exchange"),
        pytest.param(asks.log_out_at_issuer(), id="backchannel", marks=pytest.mark.proof),
    ],
)


@every_ask
@pytest.mark.parametrize(
    "trouble",
    [
        fails,
        redirects,
        says_something_else,
        has_no_keys,
        is_another_by_its_own_words,
        pytest.param(is_slow, marks=pytest.mark.proof),
    ],
)
def test_an_issuer_in_trouble_is_a_503_and_nothing_is_written(
    scene: Scene, ask: asks.Ask, trouble: Callable[[Site], None]
) -> None:
    world, site = scene.world, scene.site
    scene.begin()
    before, call = world.state(), ask(world)
    trouble(site)
    world.aws.takes_time = True  # And so does the issuer.

    answer = world.ask(call)

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert answer.ended - answer.began < timeout_of(call.function) / 2
    assert world.aws.calls == []
    assert world.state() == before

    site.status, site.body, site.delay_seconds = 200, None, 0
    assert world.ask(call).status == 503, "an issuer in trouble is asked again at once"
    world.clock.now += _UNTIL_IT_IS_ASKED_AGAIN_SECONDS
    assert world.ask(call).status == 200


@every_ask
def test_an_issuer_that_is_not_there_is_a_503_and_nothing_is_written(scene: Scene, ask: asks.Ask) -> None:
    world = scene.world
    scene.site.issuer.name = "http://127.0.0.1:1"
    scene.begin()
    before = world.state()

    answer = world.ask(ask(world))

    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    assert world.aws.calls == []
    assert world.state() == before
