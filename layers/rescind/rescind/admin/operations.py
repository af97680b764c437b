"""What the admin function can be asked to do, by name; and which routes lead there.

The names are those of `docs/openapi.yaml`. An operation without a route is for operators only.
"""

from collections.abc import Callable, Mapping

from rescind.admin import explain, keys, tokens, users
from rescind.web.admin_requests import AdminRequest
from rescind.web.responses import Response

Operation = Callable[[AdminRequest], Response]

OPERATIONS: Mapping[str, Operation] = {
    "createUser": users.create,
    "getUser": users.show,
    "deleteUser": users.delete,
    "disableUser": users.disable,
    "enableUser": users.enable,
    "revokeUser": users.revoke,
    "revokeToken": tokens.revoke,
    "listKeys": keys.show,
    "explainToken": explain.show,
}

ROUTES: Mapping[tuple[str, str], str] = {
    ("POST", "/admin/users"): "createUser",
    ("GET", "/admin/users/{user_id}"): "getUser",
    ("DELETE", "/admin/users/{user_id}"): "deleteUser",
    ("POST", "/admin/users/{user_id}/disable"): "disableUser",
    ("POST", "/admin/users/{user_id}/enable"): "enableUser",
    ("POST", "/admin/users/{user_id}/revoke"): "revokeUser",
    ("POST", "/admin/tokens/revoke"): "revokeToken",
}
