"""Names of users are data: they command no terminal and no page."""

import pytest

from skdistill._utils.names import as_html, printable


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("two\r\nlines\tand\x85more\u2028", "two\\r\\nlines\\tand\\x85more\\u2028"),
        ("\u202eturned\u2066\ufeff", "\\u202eturned\\u2066\\ufeff"),
        ("\ud800", "\\ud800"),
        (
            "größe 色\u00a0\u3000 👩\u200d👧 می\u200cخواهم",
            "größe 色\u00a0\u3000 👩\u200d👧 می\u200cخواهم",
        ),
        ("C:\\n $x_{", "C:\\n $x_{"),
        (3, "3"),
    ],
)
def test_name_is_printed_on_one_line_and_commands_nothing(name, text):
    assert printable(name) == text


def test_name_is_text_of_a_page_and_of_an_attribute():
    assert as_html('<a href="x">\n\'&') == "&lt;a href=&quot;x&quot;&gt;\\n&#x27;&amp;"
