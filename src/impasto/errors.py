"""The one exception family a user of Impasto ever sees. Knows nothing else of the project."""


class ImpastoError(Exception):
    """Something the user can mend: what went wrong (`message`) and the next step (`hint`)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()
