"""Tests of the desktop's server."""
