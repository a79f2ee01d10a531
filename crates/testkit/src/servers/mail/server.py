"""A mail server for tests: one process, one port for each way of being, and faults by the recipient's name.

Arguments: a folder, the credentials as `user:password`, and `way=port` for each way. The folder holds `good.pem`, `good.key`,
`other.pem` and `other.key`. Each message that was taken is kept there as `0001.eml`, with what is known about it in
`0001.json`; the file `ready` appears when every port is open.

What the part before the `@` of a recipient does:
    reject   550                 full     452                 busy      421, and the connection is closed
    greylist 451 once, then 250  hang-up  cut at RCPT         cut       cut in the middle of the message
    spam     554 after DATA      later    451 after DATA      mute      taken and kept, and never answered
    lost     taken and kept, and cut before the answer
"""

import asyncio
import itertools
import json
import pathlib
import ssl
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

FOLDER = pathlib.Path(sys.argv[1])
USER, PASSWORD = sys.argv[2].split(":", 1)
PORTS = {way: int(port) for way, port in (pair.split("=") for pair in sys.argv[3:])}

SWALLOWED = open(FOLDER / "swallowed", "ab")
# A byte for each attempt.
SIGN_INS = open(FOLDER / "sign-ins", "ab", buffering=0)

numbers = itertools.count(1)
seen = set()


def held_from():
    """The number of the first message that is kept and not answered for now."""
    try:
        return int((FOLDER / "held-from").read_text())
    except FileNotFoundError:
        return sys.maxsize


def local_parts(envelope):
    return [recipient.rsplit("@", 1)[0] for recipient in envelope.rcpt_tos]


def body(message, kind):
    part = message.get_body((kind,))
    return part and part.get_content()


def keep(way, session, envelope):
    content = envelope.original_content
    message = message_from_bytes(content, policy=policy.default)
    facts = {
        "way": way,
        "hello": session.host_name,
        "sender": envelope.mail_from,
        "recipients": envelope.rcpt_tos,
        "is_encrypted": session.ssl is not None or way.startswith("implicit"),
        "user": getattr(session, "user", None),
        "mechanism": getattr(session, "mechanism", None),
        "headers": [[name, str(value)] for name, value in message.items()],
        "parts": [part.get_content_type() for part in message.walk()],
        "text": body(message, "plain"),
        "html": body(message, "html"),
    }
    number = next(numbers)
    (FOLDER / f"{number:04}.eml").write_bytes(content)
    # Renamed into place, so that a reader finds it whole.
    part = FOLDER / "facts.part"
    part.write_text(json.dumps(facts))
    part.rename(FOLDER / f"{number:04}.json")
    return number


class Conversation(SMTP):
    """What aiosmtpd does, and a connection that breaks while a message comes."""

    async def smtp_DATA(self, argument):
        if "cut" not in local_parts(self.envelope):
            return await super().smtp_DATA(argument)
        await self.push("354 go on")
        await self._reader.readline()
        self.transport.abort()


class Handler:
    def __init__(self, way):
        self.way = way

    def authenticate(self, server, session, envelope, mechanism, data):
        SIGN_INS.write(b".")
        session.mechanism = mechanism
        is_right = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
        if is_right:
            session.user = data.login.decode()
        return AuthResult(success=is_right, handled=False)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if self.way == "implicit_unannounced":
            return [line for line in responses if "AUTH" not in line]
        return responses

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.rsplit("@", 1)[0]
        if self.way == "relay":
            return f"554 5.7.1 <{address}>: Relay access denied"
        if local == "reject":
            return "550 5.1.1 no such mailbox here"
        if local == "full":
            return "452 4.2.2 mailbox full"
        if local == "busy":
            asyncio.get_running_loop().call_soon(server.transport.close)
            return "421 4.3.2 shutting down"
        if local == "hang-up":
            server.transport.abort()
            return "250 never heard"
        if local == "greylist" and (envelope.mail_from, address) not in seen:
            seen.add((envelope.mail_from, address))
            return "451 4.7.1 greylisted, come again"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        names = local_parts(envelope)
        if "spam" in names:
            return "554 5.7.1 this looks like spam"
        if "later" in names:
            return "451 4.3.0 try again later"
        number = keep(self.way, session, envelope)
        while number >= held_from():
            await asyncio.sleep(0.05)
        if "lost" in names:
            server.transport.abort()
        if "mute" in names:
            await asyncio.Event().wait()
        return f"250 2.0.0 queued as {number:04}"


def certificate(name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / f"{name}.pem", FOLDER / f"{name}.key")
    return context


def conversation(way, **options):
    def make():
        handler = Handler(way)
        return Conversation(
            handler,
            hostname="mail.test",
            ident="test",
            authenticator=handler.authenticate,
            enable_SMTPUTF8=way != "ascii",
            timeout=120,
            **options,
        )

    return make


async def silent(reader, writer):
    await reader.read()


async def closes(reader, writer):
    writer.close()


async def babbles(reader, writer):
    try:
        while True:
            writer.write(b"220-" + b"all the news of today " * 20 + b"\r\n")
            await writer.drain()
    except OSError:
        writer.close()


async def web(reader, writer):
    """A web server whose patience with a silent client is over."""
    writer.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
    writer.close()


async def injects(reader, writer):
    """Somebody on the way who adds an answer of his own to the one that ends the part in the clear."""
    writer.write(b"220 mail.test ESMTP\r\n")
    await reader.readline()
    writer.write(b"250-mail.test\r\n250 STARTTLS\r\n")
    await reader.readline()
    writer.write(b"220 go on\r\n250 AUTH PLAIN\r\n")
    await reader.read()


async def repeats(reader, writer):
    """Repeats what it does not understand, as some servers do, and it does not understand AUTH."""
    writer.write(b"220 mail.test ESMTP\r\n")
    while line := await reader.readline():
        if line.upper().startswith(b"EHLO"):
            writer.write(b"250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n")
        else:
            writer.write(b"500 5.5.1 what is \"" + line.strip() + b"\"?\r\n")


class Sink(asyncio.Protocol):
    """Takes every mail as fast as it comes, and keeps its Message-ID alone."""

    def connection_made(self, transport):
        self.transport, self.received, self.is_message = transport, b"", False
        transport.write(b"220 mail.test ESMTP\r\n")

    def data_received(self, data):
        self.received += data
        while True:
            piece, end, rest = self.received.partition(b"\r\n.\r\n" if self.is_message else b"\r\n")
            if not end:
                return
            self.received = rest
            if self.is_message:
                self.take(piece)
            else:
                self.answer(piece[:4].upper())

    def take(self, message):
        for line in message.split(b"\r\n"):
            if line.lower().startswith(b"message-id:"):
                SWALLOWED.write(line[11:].strip() + b"\n")
                SWALLOWED.flush()
                break
        self.is_message = False
        self.transport.write(b"250 2.0.0 swallowed\r\n")

    def answer(self, command):
        self.is_message = command == b"DATA"
        self.transport.write(b"354 go on\r\n" if self.is_message else b"250 ok\r\n")
        if command == b"QUIT":
            self.transport.close()


async def main():
    loop = asyncio.get_running_loop()
    good = certificate("good")
    in_the_clear = {"auth_require_tls": False}
    conversations = {
        "plain": (None, conversation("plain", auth_exclude_mechanism=["PLAIN", "LOGIN"])),
        "clear": (None, conversation("clear", **in_the_clear)),
        "ascii": (None, conversation("ascii")),
        "relay": (None, conversation("relay")),
        "offered": (None, conversation("offered", tls_context=good)),
        "required": (None, conversation("required", tls_context=good, require_starttls=True, auth_required=True)),
        "other_name": (None, conversation("other_name", tls_context=certificate("other"))),
        "implicit": (good, conversation("implicit", auth_required=True, **in_the_clear)),
        "implicit_login": (good, conversation("implicit_login", auth_exclude_mechanism=["PLAIN"], **in_the_clear)),
        "implicit_unannounced": (good, conversation("implicit_unannounced", auth_required=True, **in_the_clear)),
    }
    others = {
        "silent": (None, silent), "closes": (None, closes), "babbles": (None, babbles), "web": (None, web),
        "injects": (None, injects), "repeats": (good, repeats),
    }
    for way, port in PORTS.items():
        if way == "sink":
            await loop.create_server(Sink, "127.0.0.1", port)
        elif way in conversations:
            context, make = conversations[way]
            await loop.create_server(make, "127.0.0.1", port, ssl=context)
        else:
            context, answer = others[way]
            await asyncio.start_server(answer, "127.0.0.1", port, ssl=context)
    (FOLDER / "ready").touch()
    await asyncio.Event().wait()


asyncio.run(main())
