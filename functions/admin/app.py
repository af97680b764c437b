"""The admin function: its routes, for callers with the scope `admin`; and its operations, for operators.

Two doors to the same code. Who comes through API Gateway has an access token with the scope; who invokes the
function directly has AWS credentials that may do so. What both may ask is in `rescind/admin/operations.py`.
"""

from rescind.admin.operations import OPERATIONS, ROUTES
from rescind.endpoint import endpoint
from rescind.web.admin_requests import is_from_operator, request_of_admin, request_of_operator
from rescind.web.requests import Event
from rescind.web.responses import Response, not_found


@endpoint
def handler(event: Event) -> Response:
    if is_from_operator(event):
        request, name = request_of_operator(event), event["operation"]
    else:
        request, name = request_of_admin(event), ROUTES.get((event["httpMethod"], event["resource"]))
    operation = OPERATIONS.get(name) if isinstance(name, str) else None
    return operation(request) if operation else not_found("There is no such operation.")
