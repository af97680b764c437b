"""What a form holds (application/x-www-form-urlencoded): the requests of RFC 7009 and RFC 7662 are forms."""

from urllib.parse import parse_qsl

from rescind.web.requests import Event, InvalidRequestError, body_of, header_values, optional_text

_MEDIA_TYPE = "application/x-www-form-urlencoded"


def token_of(event: Event) -> str:
    """The token that a request is about (RFC 7009 section 2.1, RFC 7662 section 2.1).

    A token tells its type by its form. So `token_type_hint` is read for its length and no more, and one that
    nobody knows changes nothing (RFC 7009 section 2.2).

    Raises:
        TooLargeError: the body is over 8 KiB.
        InvalidRequestError: it is no form, or has no token.
    """
    parameters = form(event)
    token = optional_text(parameters, "token", longest=8192)
    optional_text(parameters, "token_type_hint", longest=256)
    if token is None:
        # JSON under the content type of a form, as curl -d sends it, is one long name without a value.
        raise InvalidRequestError("token is missing. The body is a form: token=<token>, percent-encoded.")
    return token


def form(event: Event) -> dict[str, str]:
    """The parameters of the body by name; one without a value counts as absent (RFC 6749 section 3.2).

    Only an ampersand stands between two parameters, and a percent sign that begins no escape is one.

    Raises:
        TooLargeError: the body is over 8 KiB.
        InvalidRequestError: its content type is another, it is not UTF-8, escapes resolved, or a name comes
            twice.
    """
    body = body_of(event)
    if not _is_form(header_values(event, "content-type")):
        raise InvalidRequestError(f"Send a form, with Content-Type: {_MEDIA_TYPE}.")
    try:
        pairs = parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", separator="&")
    except ValueError as error:
        raise InvalidRequestError("The body is not a form in UTF-8.") from error
    parameters = dict(pairs)
    # Two readers of such a request would not agree on what it says (RFC 6749 section 3.2).
    if len(parameters) < len(pairs):
        raise InvalidRequestError("A name comes more than once in the form.")
    return {name: value for name, value in parameters.items() if value}


def _is_form(content_types: list[str]) -> bool:
    """Whether this is said, and once. A charset changes nothing: it is UTF-8 (RFC 6749 appendix B)."""
    return [each.partition(";")[0].strip().lower() for each in content_types] == [_MEDIA_TYPE]
