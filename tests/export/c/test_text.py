"""What is written of names is C, whatever they hold."""

import pytest

from skdistill.export.c.text import comment


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a*/b", "a* /b"),
        ("a*\\b", "a* /b"),
        ("\\*", "/ *"),
        ("/*/", "/ * /"),
        ("**//**", "** // **"),
        ("??/", "? ?/"),
        ("???", "? ? ?"),
        ("ä*ö\\", "?*?/"),
        ("éé/\n", "? ?/?"),
    ],
)
def test_no_name_begins_or_ends_a_comment_or_is_a_trigraph(text, found):
    assert comment(text) == found
