"""What the admin routes do, one function for each."""
