"""The admin routes, for callers with the scope `admin`."""

from rescind.admin import tokens, users
from rescind.endpoint import endpoint
from rescind.web.caller import caller
from rescind.web.requests import Event
from rescind.web.responses import Response, not_found


@endpoint
def handler(event: Event) -> Response:
    caller(event, scope="admin")
    match event["httpMethod"], event["resource"]:
        case "POST", "/admin/users":
            return users.create(event)
        case "GET", "/admin/users/{user_id}":
            return users.show(event)
        case "DELETE", "/admin/users/{user_id}":
            return users.delete(event)
        case "POST", "/admin/users/{user_id}/disable":
            return users.disable(event)
        case "POST", "/admin/users/{user_id}/enable":
            return users.enable(event)
        case "POST", "/admin/users/{user_id}/revoke":
            return users.revoke(event)
        case "POST", "/admin/tokens/revoke":
            return tokens.revoke(event)
        case _:
            return not_found("There is no such route.")
