"""Tests of the page's own logic in Node.js, without a browser."""
