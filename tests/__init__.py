"""Tests of fsorch; the folders mirror the product."""
