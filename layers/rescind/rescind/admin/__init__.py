"""What the admin function does, by whichever door it is asked: `operations.py` lists it."""
