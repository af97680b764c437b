"""What clients do, and how often: 90 % authorize, 5 % refresh, 4 % login, 1 % logout and revocations."""

from collections.abc import Callable

from tests.load.asking import GaveUpError
from tests.load.client import Client
from tests.load.endings import end_something
from tests.load.model import begin

_SHARES: dict[Callable[[Client], object], int] = {
    Client.authorize_somebody: 90,
    Client.refresh_something: 5,
    Client.log_in: 4,
    end_something: 1,
}


def step(client: Client) -> None:
    """One thing of the mix, with all that belongs to it. A finding is in the tally, and life goes on.

    Raises:
        GaveUpError: there is nobody left to go on with.
    """
    [deed] = client.dice.choices(list(_SHARES), list(_SHARES.values()))
    try:
        if not client.person.live():
            client.log_in()
        deed(client)
    except GaveUpError:
        # What has become of this person nobody knows any more.
        begin(end for token in client.person.tokens for end in token.ends)
        client.person = client.sign_up()
