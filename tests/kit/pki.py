#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Keys and certificates for tests, made on the spot.

    root = pki.Authority("Test Root")
    issuing = root.intermediate("Test Issuing CA")
    leaf = issuing.issue("api.example.com")
    leaf.chain_pem            leaf and intermediates, as a server wants them
    leaf.key.pem, leaf.pin    the key, and what pintle calls it
    root.write(dir / "ca.pem")
"""
import base64
import datetime
import hashlib
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None, microsecond=0)


class Key:
    """A private key of a kind: ec (P-256), p384, rsa (2048), rsa1024, ed25519."""

    def __init__(self, kind="ec"):
        self.kind = kind
        if kind == "ec":
            self.private = ec.generate_private_key(ec.SECP256R1())
        elif kind == "p384":
            self.private = ec.generate_private_key(ec.SECP384R1())
        elif kind == "ed25519":
            self.private = ed25519.Ed25519PrivateKey.generate()
        else:
            self.private = rsa.generate_private_key(65537, {"rsa": 2048, "rsa1024": 1024}[kind])
        self.spki = self.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.pin = "sha256/" + base64.b64encode(hashlib.sha256(self.spki).digest()).decode()
        self.pem = self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode()

    @property
    def hash(self):
        return None if self.kind == "ed25519" else hashes.SHA256()


def _name(common_name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


def _alt_name(text):
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


class Certificate:
    """A certificate with its key and, up to but without the root, its issuers."""

    def __init__(self, cert, own_key, issuers):
        self.cert = cert
        self.key = own_key
        self.issuers = issuers
        self.pin = own_key.pin
        self.der = cert.public_bytes(serialization.Encoding.DER)
        self.pem = cert.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def chain_pem(self):
        return self.pem + "".join(issuer.pem for issuer in self.issuers)

    def write(self, path, chain=False):
        path.write_text(self.chain_pem if chain else self.pem)
        return path

    def write_key(self, path):
        path.write_text(self.key.pem)
        return path


def build(subject, own_key, issuer_name, issuer_key, *, names=(), ca=False, pathlen=None,
          days=90, start=None, serial=None, usage=True, extra=()):
    """Sign a certificate; days may be negative for one that has expired."""
    start = start or now() - (DAY if days > 0 else 400 * DAY)
    end = now() + days * DAY
    builder = (x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(issuer_name)
               .public_key(own_key.private.public_key())
               .serial_number(serial or x509.random_serial_number())
               .not_valid_before(start).not_valid_after(end)
               .add_extension(x509.BasicConstraints(ca, pathlen if ca else None), critical=True))
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_alt_name(name) for name in names]), critical=False)
    if usage:
        bits = dict.fromkeys(("content_commitment", "data_encipherment", "key_agreement",
                              "encipher_only", "decipher_only"), False)
        bits.update(digital_signature=not ca, key_encipherment=not ca and own_key.kind == "rsa",
                    key_cert_sign=ca, crl_sign=ca)
        builder = builder.add_extension(x509.KeyUsage(**bits), critical=True)
        if not ca:
            builder = builder.add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH,
                                       ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
    for extension in extra:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(issuer_key.private, issuer_key.hash)


class Authority(Certificate):
    """A CA: a self-signed root, or an intermediate made by another."""

    def __init__(self, name="Test Root", kind="ec", own_key=None, parent=None, days=3650,
                 pathlen=None, ca=True):
        own_key = own_key or Key(kind)
        cert = build(name, own_key, parent.cert.subject if parent else _name(name),
                     parent.key if parent else own_key, ca=ca, days=days, pathlen=pathlen)
        issuers = [] if parent is None or parent.parent is None else [parent, *parent.issuers]
        super().__init__(cert, own_key, issuers)
        self.parent = parent

    def intermediate(self, name="Test Issuing CA", **options):
        return Authority(name, parent=self, **options)

    def issue(self, *names, key=None, kind="ec", subject=None, **options):
        """A server's certificate. The first name is its subject too unless one is given."""
        own_key = key or Key(kind)
        cert = build(names[0] if subject is None and names else subject, own_key,
                     self.cert.subject, self.key, names=names, **options)
        issuers = [] if self.parent is None else [self, *self.issuers]
        return Certificate(cert, own_key, issuers)


def self_signed(*names, kind="ec", **options):
    own_key = Key(kind)
    return Certificate(build(names[0], own_key, _name(names[0]), own_key, names=names, **options),
                       own_key, [])


def request(key, *names):
    """A PEM certificate request."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(names[0]))
    builder = builder.add_extension(
        x509.SubjectAlternativeName([_alt_name(name) for name in names]), critical=False)
    return builder.sign(key.private, key.hash).public_bytes(serialization.Encoding.PEM).decode()
