"""Importing users: `csv_file.py` reads them, `sending.py` sends them, `journal.py` remembers what is done."""
