"""Tests of the desktop in a real browser."""
