"""What is wrong with a declaration, in one sentence that names file and place."""

from __future__ import annotations


class DeclarationError(ValueError):
    """A declaration cannot be used; the text names file, place, what was found and expected."""

    def within(self, place: str) -> DeclarationError:
        """The same, told from one level further out."""
        return DeclarationError(f"{place}: {self}")
