"""Who made a dataset: manifest.sig beside the manifest, an Ed25519 signature of its bytes.

One line: "ed25519 PUBLIC SIGNATURE", both in hexadecimal digits. Keys are PEM files, as openssl
makes them (openssl genpkey -algorithm ed25519). A public key is told by its 64 digits.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from g2u.errors import DataError, ParamsError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNATURE = "manifest.sig"
SMALL_ORDER = frozenset(
    {
        "00" * 32,
        "01" + "00" * 31,
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "ec" + "ff" * 30 + "7f",
        "ed" + "ff" * 30 + "7f",
        "ee" + "ff" * 30 + "7f",
    }
)
"""Public keys of points of small order, without their sign."""
LINE = re.compile(rb"ed25519 ([0-9a-f]{64}) ([0-9a-f]{128})\n")
KEY_BYTES = 4096


def new_key(path: Path) -> str:
    """Write a private key that only its owner reads, and return the public one.

    Raises:
        ParamsError: something lies there, or it cannot be written.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    text = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise ParamsError(f"{path}: {error.strerror}; expected a new file for the key") from None
    with os.fdopen(handle, "wb") as file:
        file.write(text)
    return public_of(key)


def read_key(path: Path) -> "Ed25519PrivateKey":
    """A private key.

    Raises:
        ParamsError: it is missing, is none, has a password, or others may read it.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    try:
        with path.open("rb") as file:
            rights, raw = os.fstat(file.fileno()).st_mode, file.read(KEY_BYTES)
        key = serialization.load_pem_private_key(raw, password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        said = error.strerror if isinstance(error, OSError) else "no private key without a password"
        raise ParamsError(f"{path}: {said}; expected one of g2u export --new-key FILE") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ParamsError(f"{path}: not an Ed25519 key; expected one of g2u export --new-key FILE")
    if rights & 0o077:
        raise ParamsError(f"{path}: others may read it; chmod 600 {path}")
    return key


def public_of(key: "Ed25519PrivateKey") -> str:
    """The public key that belongs to a private one, 64 hexadecimal digits."""
    return key.public_key().public_bytes_raw().hex()


def is_of_small_order(public: str) -> bool:
    """Whether an Ed25519 public key is a point of small order (at most 8): signatures that fit it
    are had without a private key, one message in some.

    Source: the encodings of libsodium, crypto_core/ed25519/ref10/ed25519_ref10.c,
    ge25519_has_small_order.

    Args:
        public: 64 hexadecimal digits; the sign, its highest bit, counts for nothing.
    """
    raw = bytearray.fromhex(public)
    raw[-1] &= 0x7F
    return raw.hex() in SMALL_ORDER


def trusted_key(said: str) -> str:
    """A public key as it is named: its 64 hexadecimal digits, or a PEM file that holds it.

    Raises:
        ParamsError: it is neither.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if re.fullmatch(r"[0-9a-fA-F]{64}", said):
        return said.lower()
    expected = "expected 64 hexadecimal digits, or a PEM file with an Ed25519 public key"
    try:
        with Path(said).open("rb") as file:
            key = serialization.load_pem_public_key(file.read(KEY_BYTES))
    except (OSError, ValueError, UnsupportedAlgorithm):
        raise ParamsError(f"--trust {said}: no public key; {expected}") from None
    if not isinstance(key, Ed25519PublicKey):
        raise ParamsError(f"--trust {said}: not an Ed25519 key; {expected}")
    return key.public_bytes_raw().hex()


def signature_of(raw: bytes, key: "Ed25519PrivateKey") -> str:
    """The line that goes into manifest.sig."""
    return f"ed25519 {public_of(key)} {key.sign(raw).hex()}\n"


def signer(raw: bytes, signed: bytes | None, where: str, trusted: str = "") -> str:
    """The public key of who signed a manifest; empty where nobody did.

    Args:
        raw: the manifest.
        signed: what lies in manifest.sig; None = there is none.
        where: what to call the manifest in an error.
        trusted: the key of who must have signed it; empty = whoever, or nobody.

    Raises:
        DataError: the signature does not fit, or is not of who must have signed.
    """
    if signed is None:
        if trusted:
            raise DataError(f"{where}: unsigned; expected a signature by {trusted}")
        return ""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    found = LINE.fullmatch(signed)
    if found is None:
        raise DataError(f"{where}: {SIGNATURE} is no signature; get the dataset again")
    public = found[1].decode()
    if is_of_small_order(public):
        raise DataError(f"{where}: signed by {public}, a key under which anybody can sign; refused")
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            bytes.fromhex(found[2].decode()), raw
        )
    except InvalidSignature:
        raise DataError(
            f"{where}: the signature does not fit; changed after {public} signed it, refused"
        ) from None
    if trusted and public != trusted:
        raise DataError(f"{where}: signed by {public}; expected a signature by {trusted}")
    return public
