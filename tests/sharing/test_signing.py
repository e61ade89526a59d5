"""Who made a dataset: signed manifests, believed where the key is named, refused where changed."""

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from g2u.calls.folder import FolderStore
from g2u.errors import DataError, ParamsError
from g2u.params.reading import load
from g2u.sharing import signing
from g2u.sharing.imports import take_in
from g2u.sharing.manifest import NAME, read_manifest
from tests.campaigns.datasets import CELLS, commanded, inside, repacked, signed_as, sound


def test_a_dataset_is_signed_by_the_command_and_believed_by_who_names_the_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound(tmp_path)
    monkeypatch.chdir(tmp_path / "workspace")
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("G2U_CACHE", raising=False)
    mine = Path("mine.pem")
    public = commanded("export", "--new-key", "mine.pem")["said"].split()[-1]
    assert stat.S_IMODE(mine.stat().st_mode) == 0o600
    kept = mine.read_bytes()
    again = commanded("export", "--new-key", "mine.pem")["said"]
    assert "File exists; expected a new file" in again
    assert mine.read_bytes() == kept
    names = ["/".join((cell.benchmark, cell.model, cell.family)) for cell in CELLS]
    done = commanded("export", "../signed", *names, "--without-originals", "--sign", "mine.pem")
    assert done["code"] == 0, done
    assert read_manifest(tmp_path / "signed").signer == public
    trusted = commanded("import", "../signed", "--trust", public)["said"]
    assert f"4 drawings taken in, 0 known; signed by {public}\n" in trusted
    *cells, after = commanded("import", "../signed")["said"].splitlines()
    untrusted = f"; signed by {public}, untrusted: name the key with --trust"
    assert [untrusted in line for line in cells] == [True] * len(CELLS)
    assert after == "next: g2u plan says what is left to make"
    refused = commanded("import", "../sound", "--trust", public)
    assert (refused["code"], refused["said"].count("\n")) == (1, 1)
    assert f"unsigned; expected a signature by {public}" in refused["said"]


def test_a_signature_of_somebody_else_or_of_other_bytes_is_refused(tmp_path: Path) -> None:
    whole = sound(tmp_path)
    config = load(tmp_path / "workspace" / "params.yaml")
    public = signed_as(whole, tmp_path / "theirs.pem")
    ours = signing.new_key(tmp_path / "ours.pem")
    store = FolderStore(tmp_path / "calls")
    with pytest.raises(DataError, match=f"signed by {public}; expected a signature by {ours}"):
        take_in(whole, store, config, ours)
    manifest = whole / NAME
    manifest.write_bytes(manifest.read_bytes() + b" ")
    for trusted in ("", ours, public):
        with pytest.raises(DataError, match=f"does not fit; changed after {public} signed it"):
            take_in(whole, store, config, trusted)
    repacked(whole, lambda rows: rows.pop())
    with pytest.raises(DataError, match="does not fit"):
        take_in(whole, store, config)
    assert list(store.listing()) == []


def test_keys_of_openssl_sign_and_are_trusted(tmp_path: Path) -> None:
    private, public = tmp_path / "key.pem", tmp_path / "public.pem"
    for command in (
        ["genpkey", "-algorithm", "ed25519", "-out", str(private)],
        ["pkey", "-in", str(private), "-pubout", "-out", str(public)],
    ):
        subprocess.run(["openssl", *command], check=True, capture_output=True)
    private.chmod(0o600)
    whole = sound(tmp_path)
    key = signing.read_key(private)
    (whole / signing.SIGNATURE).write_text(signing.signature_of((whole / NAME).read_bytes(), key))
    trusted = signing.trusted_key(str(public))
    assert trusted == signing.public_of(key) == signing.trusted_key(trusted.upper())
    with inside(tmp_path / "workspace"):
        taken = take_in(whole, FolderStore(tmp_path / "calls"), load(Path("params.yaml")), trusted)
    assert [each.signer for each in taken] == [trusted, trusted]


def test_keys_that_are_none_are_one_line(tmp_path: Path) -> None:
    own = tmp_path / "own.pem"
    signing.new_key(own)
    other = tmp_path / "other.pem"
    for text, said in (
        (b"no key", "no private key without a password"),
        (b"", "no private key without a password"),
        (RSA_LIKE.encode(), "no private key without a password"),
    ):
        other.write_bytes(text)
        with pytest.raises(ParamsError, match=said):
            signing.read_key(other)
    with pytest.raises(ParamsError, match="No such file"):
        signing.read_key(tmp_path / "absent")
    own.chmod(0o644)
    with pytest.raises(ParamsError, match="others may read it; chmod 600"):
        signing.read_key(own)
    for trusted in ("", "abc", "z" * 64, str(own), str(tmp_path)):
        with pytest.raises(ParamsError, match="no public key; expected 64 hexadecimal digits"):
            signing.trusted_key(trusted)


RSA_LIKE = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("key", sorted(signing.SMALL_ORDER))
@pytest.mark.parametrize("sign", [0, 0x80])
def test_a_key_under_which_anybody_can_sign_is_refused(key: str, sign: int) -> None:
    """A signature of zeros fits such a key for one message in some."""
    raw = bytearray.fromhex(key)
    raw[-1] |= sign
    line = f"ed25519 {raw.hex()} {'0' * 128}\n".encode()
    for number in range(8):
        with pytest.raises(DataError, match="a key under which anybody can sign; refused"):
            signing.signer(f"manifest {number}".encode(), line, "manifest.json")
