"""What the admin function can be asked to do, by name; and which routes lead there.

The names are those of `docs/openapi.yaml`. An operation without a route is for operators only.
"""

from collections.abc import Callable, Mapping

from rescind.admin import deployment, everyone, explain, imports, keys, tokens, users
from rescind.web.admin_requests import AdminRequest
from rescind.web.responses import Response

Operation = Callable[[AdminRequest], Response]

OPERATIONS: Mapping[str, Operation] = {
    "createUser": users.create,
    "findUser": users.find,
    "getUser": users.show,
    "changeUser": users.change,
    "deleteUser": users.delete,
    "disableUser": users.disable,
    "enableUser": users.enable,
    "revokeUser": users.revoke,
    "setPassword": users.set_password,
    "revokeToken": tokens.revoke,
    # For operators only.
    "listUsers": everyone.show,
    "importUsers": imports.create,
    "listUserSessions": users.list_sessions,
    "revokeEveryone": everyone.revoke,
    "explainToken": explain.show,
    "listKeys": keys.show,
    "checkDeployment": deployment.check,
}

ROUTES: Mapping[tuple[str, str], str] = {
    ("POST", "/admin/users"): "createUser",
    ("GET", "/admin/users"): "findUser",
    ("GET", "/admin/users/{user_id}"): "getUser",
    ("PATCH", "/admin/users/{user_id}"): "changeUser",
    ("DELETE", "/admin/users/{user_id}"): "deleteUser",
    ("POST", "/admin/users/{user_id}/disable"): "disableUser",
    ("POST", "/admin/users/{user_id}/enable"): "enableUser",
    ("POST", "/admin/users/{user_id}/revoke"): "revokeUser",
    ("POST", "/admin/users/{user_id}/password"): "setPassword",
    ("POST", "/admin/tokens/revoke"): "revokeToken",
}
