"""A mail server as the tests have it: it takes what it is told to take."""

import smtplib
from typing import ClassVar

from django.core.mail import EmailMessage
from django.core.mail.backends.locmem import EmailBackend


class Postbox(EmailBackend):
    """Django's mailbox in memory, behind a server that may be down, refuse an address, or fail meanwhile."""

    down: ClassVar[bool] = False
    refused: ClassVar[set[str]] = set()
    opened: ClassVar[int] = 0

    def open(self) -> bool:
        type(self).opened += 1
        if self.down:
            raise ConnectionRefusedError("the words of the mail server")
        return True

    def send_messages(self, messages: list[EmailMessage]) -> int:
        for message in messages:
            if refused := self.refused & set(message.to):
                raise smtplib.SMTPRecipientsRefused(dict.fromkeys(refused, (550, b"words")))
        return super().send_messages(messages)

    def close(self) -> None:
        if self.refused:
            raise smtplib.SMTPServerDisconnected
