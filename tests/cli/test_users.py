"""What an operator does to users with `rescind users`."""

from tests.cli.conftest import Rescind
from tests.journeys.conftest import Client
from tests.local_gateway import RunningGateway

PASSWORD = "a-password-of-hers"


def test_the_first_admin_is_made_and_logs_in(rescind: Rescind, client: Client) -> None:
    made = rescind("users", "add", "grace", "--scope", "admin", typed=f"{PASSWORD}\n{PASSWORD}\n")

    assert made.code == 0, made.err
    assert "grace is usr_" in made.out
    assert PASSWORD not in made.out + made.err
    assert client.log_in("grace", PASSWORD)["scope"] == "admin"


def test_a_name_that_is_taken_is_said_in_one_line(rescind: Rescind) -> None:
    rescind("users", "add", "alan", "--password-stdin", typed=PASSWORD)

    again = rescind("users", "add", "alan", "--password-stdin", typed=PASSWORD)

    assert (again.code, again.out, again.err) == (3, "", "rescind: The username is taken.\n")


def test_who_did_it_is_in_the_log(rescind: Rescind, gateway: RunningGateway) -> None:
    user_id = rescind.document("users", "add", "ada", "--password-stdin", typed=PASSWORD)["user_id"]

    [line] = [line for line in gateway.output().splitlines() if "UserCreated" in line and user_id in line]

    assert '"actor":"arn:aws:iam::000000000000:user/' in line


def test_the_shared_options_may_stand_anywhere(rescind: Rescind) -> None:
    assert rescind("users", "--json", "show", "usr_" + "n" * 21 + "A").err.startswith('{"error": "not_found"')
