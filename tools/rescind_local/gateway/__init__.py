"""What API Gateway would do: routes, authorizers and their cache, events, gateway responses."""
