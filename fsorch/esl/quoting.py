r"""The one module that quotes. Nothing from outside reaches a command line but through here.

How FreeSWITCH takes a command apart, layer by layer, and what is done about it:

1. The socket (``mod_event_socket.c``, read_packet) ends a line at LF or CR and a command at a blank line. Line breaks,
   NUL and every other control character but the tab are refused with `QuotingError`, wherever they stand. So are a
   header block over 64 KiB (`check_block`) and one that holds both ``unload`` or ``reload`` and ``mod_event_socket``
   anywhere: the switch would run that instead of the command (parse_command).
2. Words (``switch_utils.c``, switch_separate_string): a blank or another delimiter parts them, single quotes hold them
   together, a backslash takes the meaning from the delimiter, from ``'``, ``"`` and itself, and writes ``\n \r \t \s``.
   Blanks at either end of a word go. `escape` writes a backslash before whatever has a meaning, and ``\s`` for a blank
   that must stay; `split` is the inverse, rule for rule.
3. ``originate`` (``switch_ivr_originate.c``; ``switch_event.c``, switch_event_create_brackets): its arguments are words
   parted by blanks, ``{...}`` holds words parted by commas, each a word parted by ``=``: three layers, so a backslash
   becomes eight. The end of ``{...}`` is found by counting braces whatever they are quoted with, so unbalanced braces
   are refused. ``:_:`` anywhere would cut the dial string in two; a pair of empty quotes inside it prevents that. A
   variable with an empty value is left unset by the switch.
4. Expansion: the argument of an application is expanded (``switch_core_session.c``, switch_core_session_exec), and an
   expanded variable again. ``\${`` would be safe once, but a value that is stored is expanded when a dialplan mentions
   it, so ``${`` (with any backslashes in between, as switch_string_var_check_const looks for it) is refused everywhere.
   An argument with a backslash is written with ``\\`` and ``\$``, because then the switch undoes those. ``%[`` at its
   beginning would set variables and is refused.

All of this was compared with a running 1.10.12: what was meant is what ``uuid_dump`` and Application-Data show.

For what a person called himself use `display` first: it turns every value into one that passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from fsorch.esl.errors import QuotingError
from fsorch.esl.frames import MAX_HEADER

__all__ = [
    "Pairs",
    "app_argument",
    "as_pairs",
    "bracket_variables",
    "check_block",
    "check_name",
    "check_text",
    "display",
    "escape",
    "file_list",
    "find_brackets",
    "parse_app_argument",
    "parse_bracket_variables",
    "parse_pairs",
    "parse_words",
    "play_list",
    "shown_name",
    "split",
    "words",
]

Pairs = tuple[tuple[str, str], ...]
"""Names and values in order."""

# All control characters but the tab, what Unicode calls a line or paragraph end, and halves of surrogate pairs.
_FORBIDDEN = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_EXPANSION = re.compile(r"\$\\*\{")
_ENTERPRISE = re.compile(":(?=_:)")
_SCOPE = re.compile(r"%.?\[", re.DOTALL)
_CUTTING = re.compile('[\\s%{}\\[\\]<>|^\\\\"`$\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+')
_NAME_CUT = re.compile(r"\s*[:/][:/\s]*")
_SOCKET_MODULE = re.compile("mod_event_socket", re.IGNORECASE)
_ESCAPED = re.compile(r"\\[\\nst']")
_TOKEN = re.compile(r"\\.|[^\\']+|'|\\", re.DOTALL)
# Ids, names and paths, which is nearly everything: no layer gives these characters a meaning.
_PLAIN = re.compile(r"[A-Za-z0-9_./@+-]+")
# Delimiters that are no such character; those in use, so that none of them need be looked at again.
_PARTING = " ,;=|"
_WRITTEN = {"n": "\n", "r": "\r", "t": "\t", "s": " "}


def as_pairs(values: Mapping[str, str] | Iterable[tuple[str, str]]) -> Pairs:
    """A mapping or pairs as a tuple of pairs."""
    return tuple(values.items() if isinstance(values, Mapping) else values)


# -- what is refused --------------------------------------------------------------------------------


def check_name(value: str, pattern: re.Pattern[str], what: str, words: str = "") -> str:
    """``value`` if ``pattern`` matches the whole of it, else `QuotingError`, which tells the pattern in ``words`` if
    there are any."""
    if not pattern.fullmatch(value):
        expected = words or f"it must match {pattern.pattern}"
        raise QuotingError(f"{what} {value[:64]!r} is not allowed in a command; {expected}")
    return value


def check_text(value: str, what: str) -> str:
    """``value`` if the switch cannot be made to read more into it than text, else `QuotingError`."""
    bad = _FORBIDDEN.search(value)
    if bad:
        raise QuotingError(f"{what} holds the character {bad.group()!r}, which no command may hold; remove it first")
    if _EXPANSION.search(value):
        raise QuotingError(f"{what} holds '${{', which the switch would expand; remove it first")
    return value


def check_block(block: str) -> str:
    """The finished command line with its headers if the switch reads it as what it is, else `QuotingError`."""
    if len(block) > MAX_HEADER or len(block.encode()) > MAX_HEADER:
        raise QuotingError(f"a command of more than {MAX_HEADER} bytes; shorten its values")
    lower = block.lower()
    if "mod_event_socket" in lower and ("unload" in lower or "reload" in lower):
        raise QuotingError(
            "a command that names mod_event_socket and unload or reload: the switch would unload its socket"
        )
    return block


def display(text: str, limit: int = 80) -> str:
    """A caller's name and the like as one line of at most ``limit`` characters that every command takes.

    Control characters, white space and ``%{}[]<>|^\\"`$`` become single blanks. Nothing is ever refused. (The switch
    decodes percent codes in a caller's name, ``% a`` too, and puts the line break into the next INVITE's From.)
    """
    plain = _CUTTING.sub(" ", text)
    return _SOCKET_MODULE.sub("mod event socket", plain).strip()[:limit].strip()


def shown_name(text: str) -> str:
    """A caller's name for ``origination_caller_id_name``: `display`, without what a phone would not get to see.

    mod_sofia takes the name for a number and cuts off all before the last ``/`` or ``:`` and all from ``@`` on
    (``mod_sofia.c``, sofia_outgoing_channel: switch_sanitize_number; seen on FreeSWITCH 1.10.12)."""
    return display(_NAME_CUT.sub(" - ", text.replace("@", " at ")))


# -- words ------------------------------------------------------------------------------------------


def escape(text: str, delimiter: str = "") -> str:
    """``text`` as one word among words parted by ``delimiter`` (one character; empty: the rest of the line)."""
    if _PLAIN.fullmatch(text) and (delimiter in _PARTING or not _PLAIN.fullmatch(delimiter)):
        return text
    text = text.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t")
    if delimiter == " ":
        return text.replace(" ", "\\s")
    if delimiter:
        text = text.replace(delimiter, "\\" + delimiter)
    left = len(text) - len(text.lstrip(" "))
    text = "\\s" * left + text[left:]
    right = len(text) - len(text.rstrip(" "))
    return text[: len(text) - right] + "\\s" * right


def words(values: Iterable[str]) -> str:
    """The values as words parted by blanks; an empty one as ``''``."""
    return " ".join(escape(value, " ") or "''" for value in values)


def split(text: str, delimiter: str, limit: int) -> list[str]:
    """The words of ``text`` as switch_separate_string finds them: at most ``limit``, the last one being the rest."""
    if text.startswith("^^") and len(text) > 3:
        delimiter, text = text[2], text[3:]
    if "'" in text or "\\" in text or (delimiter == " " and "  " in f" {text} "):
        return _split_slowly(text, delimiter, limit)
    pieces = text.split(delimiter, limit - 1)
    if not pieces[-1]:
        pieces.pop()
    return [piece.strip(" ") for piece in pieces]


def _split_slowly(text: str, delimiter: str, limit: int) -> list[str]:
    """`split` where quotes, backslashes or several blanks in a row may have a say."""
    pieces: list[str] = []
    start = 0
    while start < len(text) and len(pieces) < limit - 1:
        end = _find_delimiter(text, start, delimiter)
        pieces.append(text[start:end])
        start = end + 1
        while delimiter == " " and start < len(text) and text[start] == " ":
            start += 1
    if start < len(text):
        pieces.append(text[start:])
    return [_clean(piece, "" if delimiter == " " else delimiter) for piece in pieces]


def _find_delimiter(text: str, start: int, delimiter: str) -> int:
    """Where the word that begins at ``start`` ends (separate_string_char_delim, separate_string_blank_delim)."""
    inside = False
    place = start
    last_quote = len(text) if delimiter == " " else text.rfind("'")  # a lone quote is a letter, but not among blanks
    while delimiter == " " and place < len(text) and text[place] == " ":
        place += 1
    for hit in _marks(delimiter).finditer(text, place):
        mark = hit.group()
        if mark[0] == "\\":
            continue
        if mark == "'" and (inside or hit.start() < last_quote):
            inside = not inside
        elif mark == delimiter and not inside:
            return hit.start()
    return len(text)


@lru_cache(maxsize=16)
def _marks(delimiter: str) -> re.Pattern[str]:
    """What has a meaning among words parted by ``delimiter``: a backslash with what it takes the meaning from, a
    quote, and the delimiter."""
    return re.compile(rf"\\.?|'|{re.escape(delimiter)}", re.DOTALL)


def _clean(word: str, delimiter: str) -> str:
    """A word without its quotes, escapes and outer blanks (cleanup_separated_string)."""
    out: list[str] = []
    inside = False
    kept = 0  # so many of the pieces survive the trimming of blanks at the end
    word = word.lstrip(" ")
    last_quote = word.rfind("'")
    for hit in _TOKEN.finditer(word):
        token = hit.group()
        if token == "'" and (inside or hit.start() < last_quote):
            inside = not inside
            kept = len(out) if inside else kept
        elif len(token) == 2 and token[0] == "\\" and (token[1] in "'\"\\nrts" or token[1] == delimiter):
            out.append(_WRITTEN.get(token[1], token[1]))
            kept = len(out)
        else:
            body = token if inside else token.rstrip(" ")
            if body:
                out.append(body)
                kept = len(out)
            out.append(token[len(body) :])
    return "".join(out[:kept])


def parse_words(text: str, limit: int) -> list[str]:
    """The inverse of `words`."""
    return split(text, " ", limit)


def parse_pairs(text: str, delimiter: str, limit: int) -> Pairs:
    """``name=value`` words parted by ``delimiter``, cut at the first ``=`` (``mod_commands.c``, uuid_setvar_multi)."""
    cut = (word.partition("=") for word in split(text, delimiter, limit))
    return tuple((name, value) for name, _, value in cut)


# -- lists of sounds ------------------------------------------------------------------------------------------------


def file_list(paths: Iterable[str]) -> str:
    """The argument of playback that plays ``paths`` one after another (``mod_dptools.c``, file_string_file_open)."""
    given = list(paths)
    if len(given) < 2:
        return "".join(given)
    return f"file_string://{play_list(given)}"


def play_list(sounds: Iterable[str]) -> str:
    """The argument of playback while the variable ``playback_delimiter`` is ``!``: files, and ``say:`` with a text."""
    return "!".join(escape(sound, "!") for sound in sounds)


# -- originate's brackets ---------------------------------------------------------------------------


def bracket_variables(pairs: Pairs) -> str:
    """``{name=value,...}`` for a dial string, before the layer of blanks. Names must have been checked."""
    return "{" + ",".join(_bracket_pair(name, value) for name, value in pairs) + "}"


def _bracket_pair(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    check_text(value, f"the variable {name}")
    depth = 0
    for brace in re.findall("[{}]", value):
        depth += 1 if brace == "{" else -1
        if depth < 0:
            break
    if depth:
        raise QuotingError(f"the variable {name} holds braces that do not match; originate cannot carry them")
    return _ENTERPRISE.sub(":''", escape(f"{name}={escape(value) or chr(39) * 2}", ","))


def find_brackets(text: str) -> int:
    """The index of the brace that ends the brackets ``text`` begins with, or -1 (switch_find_end_paren)."""
    depth = 0
    for hit in re.finditer("[{}]", text):
        depth += 1 if hit.group() == "{" else -1
        if not depth:
            return hit.start()
    return -1


def parse_bracket_variables(inner: str) -> Pairs:
    """The pairs between the braces; a word that is no ``name=value`` is dropped, as the switch does."""
    pairs = (split(word, "=", 2) for word in split(inner, ",", 1024))
    return tuple((pair[0], pair[1]) for pair in pairs if len(pair) == 2)


# -- arguments of applications ----------------------------------------------------------------------


def app_argument(argument: str, what: str = "the argument") -> str:
    """The text to send so that the application gets ``argument`` after the switch's expansion."""
    check_text(argument, what)
    if _SCOPE.match(argument):
        raise QuotingError(f"{what} begins with '%[', which the switch reads as variables; begin with something else")
    if "\\" not in argument:
        return argument
    return argument.replace("\\", "\\\\").replace("$", "\\$")


def parse_app_argument(text: str) -> str:
    """What the application gets for ``text`` if nothing is to be expanded (switch_channel_expand_variables_check)."""
    if not _ESCAPED.search(text):
        return text
    return re.sub(r"\\\\|\\\$\$?|\\'|\$\$", _undo, text)


def _undo(hit: re.Match[str]) -> str:
    found = hit.group()
    if found == "\\\\":
        return "\\"
    return "" if found == "\\'" else "$"
