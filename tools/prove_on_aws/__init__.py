"""Repeats the journeys and the stated bound on a deployed stack, and writes down what came of it."""
