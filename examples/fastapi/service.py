"""A service of your own: what a stolen token could still do for 15 minutes, and what it could not."""

from typing import Annotated

from fastapi import Depends, FastAPI
from rescind_auth import Caller, Live, Verified, with_scope

app = FastAPI()


@app.get("/catalogue")
def catalogue(who: Verified) -> dict[str, str]:
    """Cheap and harmless: the token is read here, and has not expired."""
    return {"for": who.user_id}


@app.get("/account")
def account(who: Live) -> dict[str, str]:
    """Nobody gets here who has logged out, was disabled or whose token was taken back."""
    return {"of": who.user_id}


@app.post("/orders", status_code=201)
def place_order(who: Annotated[Caller, Depends(with_scope("orders:write"))]) -> dict[str, str]:
    return {"by": who.user_id}
