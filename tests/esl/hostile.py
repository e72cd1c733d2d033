"""What callers, spreadsheets and web forms may send: text that tries to be more than text."""

from __future__ import annotations

from hypothesis import strategies as st

__all__ = ["ANY_TEXT", "FRIENDLY", "PIECES", "SWITCH_TEXT"]

PIECES = (
    *(
        "\r",
        "\n",
        "\0",
        "\t",
        " ",
        "  ",
        "'",
        "''",
        '"',
        "\\",
        "\\\\",
        "\\n",
        "\\s",
        "\\'",
        "\\d+",
        "%0A",
        "%0a",
        "%",
        "%[",
    ),
    *(
        "{",
        "}",
        "{}",
        "[",
        "]",
        "<",
        ">",
        ",",
        "|",
        "^",
        "^^:",
        "=",
        ";",
        ":",
        "::",
        ":_:",
        ":_",
        "(",
        ")",
        "&park()",
        "!",
    ),
    *("${x}", "$", "$$", "$${", "\\$", "${system(reboot)}", "ARRAY::a|:b", "_undef_", "undef", "-ERR", "-bleg", "+OK"),
    *(
        "\u2028",
        "\x85",
        "\x1b",
        "\ud800",
        "😀",
        "é",
        "呼叫",
        "mod_event_socket",
        "unload ",
        "api ",
        "CUSTOM",
        "\n\nexit\n\n",
    ),
    *("origination_nested_vars=true", "Job-UUID: x", "content-length: 99", "a", "b", "0", "x" * 1000, "y" * 100_000),
)
ANY_TEXT = st.lists(st.sampled_from(PIECES) | st.text(max_size=20), max_size=8).map("".join)

_PASSING = [
    piece
    for piece in PIECES
    if not set(piece) & set("\r\n\0\u2028\x85\x1b\ud800") and "${" not in piece and len(piece) < 5000
]
_LETTERS = st.characters(exclude_categories=("C", "Zl", "Zp"))
SWITCH_TEXT = (
    st.lists(st.sampled_from(_PASSING) | st.text(_LETTERS, max_size=20), max_size=8)
    .map("".join)
    # pieces may meet and make what is refused
    .filter(lambda text: "${" not in text.replace("\\", ""))
)
"""Text that may pass into a command, with everything in it that has a meaning to the switch."""

FRIENDLY = st.lists(st.text("abcÅéçñ王芳'.,-0123456789&()+", min_size=1, max_size=8), min_size=1).map(" ".join)
