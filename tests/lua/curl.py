"""``curl`` as mod_curl does it (mod_curl.c, curl_function), ten words at most: the arguments on standard input, the
body on standard output whatever the status, nothing at all when there is no answer."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from http.client import HTTPException
from urllib.parse import unquote

from fsorch.esl.quoting import split

WITH_VALUE = ("connect-timeout", "timeout", "append_headers", "content-type", "post")


def main() -> None:
    url, *rest = split(sys.stdin.read(), " ", 10)
    given: dict[str, str] = {}
    words = iter(rest)
    for word in words:
        assert word in WITH_VALUE, word
        given[word] = next(words)
    name, _, value = given["append_headers"].partition(":")
    headers = {name: value.strip(), "Content-Type": given["content-type"]}
    request = urllib.request.Request(url, unquote(given["post"]).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=float(given["timeout"])) as answer:
            sys.stdout.buffer.write(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            sys.stdout.buffer.write(error.read())
    except (OSError, HTTPException):
        return


main()
