"""Tests of the build helpers in tools/."""
