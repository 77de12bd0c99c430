#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write der.txt: certificates, requests and keys of a few bytes, sound and at fault.

The offset expected in each case follows from where the fault is planted (at()), not from what any
parser says. Run it here, commit what it writes.
"""
import sys

HEADER = """\
# SPDX-License-Identifier: Apache-2.0
# DER and the SubjectPublicKeyInfo in it, as pintle_spki_from_{certificate,request,public_key}() see
# it. Made by make-der.py.
#
# name kind hex OK offset length    where the SubjectPublicKeyInfo is
# name kind hex STATUS offset       where the fault is: at a tag that is wrong or missing, at the
#                                   first length byte of a wrong length, at the first byte of a
#                                   wrong value, at the first byte too many
"""


class Der(bytes):
    """Bytes, some of which may be marked."""
    mark = None
    size = 0


def cat(*parts):
    out = Der(b"".join(parts))
    before = 0
    for part in parts:
        if getattr(part, "mark", None) is not None:
            out.mark, out.size = before + part.mark, part.size
        before += len(part)
    return out


def at(data, offset=0):
    out = Der(data)
    out.mark, out.size = offset, len(data)
    return out


def length(n):
    if n < 0x80:
        return bytes([n])
    body = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(body)]) + body


def tlv(tag, *parts):
    value = cat(*parts)
    return cat(bytes([tag]) + length(len(value)), value)


def seq(*parts):
    return tlv(0x30, *parts)


HERE = at(b"")
EC_SHA256 = bytes.fromhex("06082a8648ce3d040302")
EC_KEY = bytes.fromhex("06072a8648ce3d0201")
P256 = bytes.fromhex("06082a8648ce3d030107")
VERSION = bytes.fromhex("a003020102")
V2 = bytes.fromhex("a003020101")
SERIAL = bytes.fromhex("020101")
ALG = seq(EC_SHA256)
NAME = seq()
TIMES = (tlv(0x17, b"260101000000Z"), tlv(0x17, b"270101000000Z"))
VALIDITY = seq(*TIMES)
KEY = tlv(0x03, b"\x00\x04\x01\x02\x03")
SPKI = seq(seq(EC_KEY, P256), KEY)
OTHER_SPKI = seq(seq(EC_KEY, P256), tlv(0x03, b"\x00\x04\x09\x09\x09"))
EXTENSIONS = tlv(0xA3, seq(seq(bytes.fromhex("0603551d0e"), tlv(0x04, b"\x04\x00"))))
SIGNATURE = tlv(0x03, b"\x00\x30\x00")
ISSUER_ID = tlv(0x81, b"\x00\x01")
SUBJECT_ID = tlv(0x82, b"\x00\x02")
ATTRIBUTES = bytes.fromhex("a000")

FIELDS = ("version", "serial", "alg", "issuer", "validity", "subject", "spki")


def tbs(**change):
    fields = dict(version=VERSION, serial=SERIAL, alg=ALG, issuer=NAME, validity=VALIDITY,
                  subject=NAME, spki=SPKI, rest=EXTENSIONS)
    fields.update(change)
    return seq(*(fields[name] for name in FIELDS + ("rest",)))


def cert(outer_alg=ALG, signature=SIGNATURE, end=b"", **change):
    return seq(tbs(**change), outer_alg, signature, end)


def request(version=b"\x02\x01\x00", subject=NAME, spki=SPKI, attributes=ATTRIBUTES, rest=b"",
            alg=ALG, signature=SIGNATURE):
    return seq(seq(version, subject, spki, attributes, rest), alg, signature)


def spki(alg=None, key=KEY, rest=b""):
    return seq(alg if alg is not None else seq(EC_KEY, P256), key, rest)


def sound_certificates():
    key = at(SPKI)
    yield "v3", cert(spki=key)
    yield "v3-without-extensions", cert(spki=key, rest=b"")
    yield "v1", cert(spki=key, version=b"", rest=b"")
    yield "v2-with-unique-ids", cert(spki=key, version=V2, rest=ISSUER_ID + SUBJECT_ID)
    yield "v2-with-subject-id-only", cert(spki=key, version=V2, rest=SUBJECT_ID)
    yield "v3-with-everything", cert(spki=key, rest=ISSUER_ID + SUBJECT_ID + EXTENSIONS)
    yield "negative-serial", cert(spki=key, serial=b"\x02\x01\x80")
    yield "serial-zero", cert(spki=key, serial=b"\x02\x01\x00")
    yield "serial-of-21-bytes", cert(spki=key, serial=b"\x02\x15" + b"\x7f" * 21)
    yield "serial-with-needed-zero", cert(spki=key, serial=b"\x02\x02\x00\x80")
    yield "generalized-time", cert(spki=key, validity=seq(
        TIMES[0], tlv(0x18, b"20510101000000Z")))
    yield "parameters-null", cert(spki=key, alg=seq(EC_SHA256, b"\x05\x00"),
                                  outer_alg=seq(EC_SHA256, b"\x05\x00"))
    yield "empty-signature", cert(spki=key, signature=b"\x03\x01\x00")
    yield "empty-extensions", cert(spki=key, rest=tlv(0xA3, seq()))
    yield "names-are-not-read", cert(spki=key, issuer=tlv(0x30, b"\xff\xff"))
    yield "extensions-are-not-read", cert(spki=key, rest=tlv(0xA3, tlv(0x30, b"\xff\xff")))
    yield "unknown-key-algorithm", cert(spki=at(spki(alg=seq(b"\x06\x04\x2a\x03\x04\x05"))))
    yield "key-parameters-of-any-type", cert(spki=at(spki(alg=seq(EC_KEY, b"\x7e\x01\x00"))))
    # The traps: another key where a careless search would look.
    yield "key-inside-extension", cert(spki=key, rest=tlv(0xA3, seq(seq(
        bytes.fromhex("0603551d0e"), tlv(0x04, OTHER_SPKI)))))
    yield "key-inside-issuer", cert(spki=key, issuer=seq(OTHER_SPKI))
    yield "key-inside-subject", cert(spki=key, subject=seq(OTHER_SPKI))
    yield "key-inside-signature", cert(spki=key, signature=tlv(0x03, b"\x00" + OTHER_SPKI))
    yield "long-form-length", cert(spki=key, issuer=tlv(0x30, bytes(200)))
    yield "long-form-length-of-2-bytes", cert(spki=key, issuer=tlv(0x30, bytes(300)))


def bad_outside():
    yield "empty", HERE
    yield "one-byte", cat(b"\x30", HERE)
    yield "length-byte-only", cat(b"\x30", at(b"\x82"))
    yield "length-cut", cat(b"\x30", at(b"\x82\x01"))
    yield "not-a-sequence", cat(at(b"\x31"), cert()[1:])
    yield "pem-instead", at(b"-----BEGIN CERTIFICATE-----")
    yield "high-tag-number", cat(at(b"\x3f\x10"), length(4), b"\x00" * 4)
    yield "trailing-byte", cat(cert(), at(b"\x00"))
    yield "second-certificate", cat(cert(), at(cert()))
    yield "indefinite", cat(b"\x30", at(b"\x80"), cert()[2:], b"\x00\x00")
    yield "reserved-length", cat(b"\x30", at(b"\xff"), bytes(130))
    yield "length-of-5-bytes", cat(b"\x30", at(b"\x85\x00\x00\x00\x00\x10"), bytes(16))
    yield "length-of-all-ones", cat(b"\x30", at(b"\x84\xff\xff\xff\xff"), bytes(16))
    yield "length-of-2-to-31", cat(b"\x30", at(b"\x84\x80\x00\x00\x00"), bytes(16))
    yield "length-of-8-bytes-of-ones", cat(b"\x30", at(b"\x88" + b"\xff" * 8), bytes(16))
    yield "length-not-minimal-81", cat(b"\x30", at(b"\x81\x10"), bytes(16))
    yield "length-not-minimal-82", cat(b"\x30", at(b"\x82\x00\x80"), bytes(128))
    yield "length-one-too-long", cat(b"\x30", at(length(len(seq()) + 1)), seq())
    yield "length-one-too-short", cat(b"\x30\x02", seq(), at(b"\x00"))
    yield "empty-certificate", cat(b"\x30\x00", HERE)
    yield "no-signature-algorithm", seq(tbs(), HERE)
    yield "signature-before-algorithm", seq(tbs(), at(SIGNATURE), ALG)
    yield "no-signature", seq(tbs(), ALG, HERE)
    yield "surplus-after-signature", cert(end=at(b"\x05\x00"))
    yield "tbs-not-a-sequence", seq(at(b"\x31\x00"), ALG, SIGNATURE)
    yield "signature-without-bytes", cert(signature=cat(b"\x03\x00", HERE))
    yield "signature-unused-9-bits", cert(signature=cat(b"\x03\x02", at(b"\x09\x00")))
    yield "signature-unused-bits-set", cert(signature=cat(b"\x03\x02", at(b"\x01\x01")))
    yield "signature-unused-bits-of-nothing", cert(signature=cat(b"\x03\x01", at(b"\x01")))
    yield "signature-constructed", cert(signature=at(b"\x23\x05\x03\x03\x00\x30\x00"))
    yield "algorithms-differ", cert(outer_alg=at(seq(bytes.fromhex("06082a8648ce3d040303"))))
    yield "algorithms-differ-in-parameters", cert(outer_alg=at(seq(EC_SHA256, b"\x05\x00")))


def bad_start_of_tbs():
    yield "empty-tbs", seq(cat(b"\x30\x00", HERE), ALG, SIGNATURE)
    yield "version-1-encoded", cert(version=cat(b"\xa0\x03\x02\x01", at(b"\x00")), rest=b"")
    yield "version-4", cert(version=cat(b"\xa0\x03\x02\x01", at(b"\x03")))
    yield "version-negative", cert(version=cat(b"\xa0\x03\x02\x01", at(b"\xff")))
    yield "version-of-2-bytes", cert(version=cat(b"\xa0\x04\x02\x02", at(b"\x01\x02")))
    yield "version-padded", cert(version=cat(b"\xa0\x04\x02\x02", at(b"\x00\x02")))
    yield "version-implicit", cert(version=cat(b"\xa0\x01\x02", HERE))
    yield "version-empty", cert(version=cat(b"\xa0\x00", HERE))
    yield "version-twice-inside", cert(version=cat(b"\xa0\x06\x02\x01\x02", at(b"\x02\x01\x02")))
    yield "version-twice", cert(version=cat(VERSION, at(VERSION)))
    yield "serial-missing", cert(serial=HERE)
    yield "serial-empty", cert(serial=cat(b"\x02\x00", HERE))
    yield "serial-padded", cert(serial=cat(b"\x02\x02", at(b"\x00\x7f")))
    yield "serial-padded-negative", cert(serial=cat(b"\x02\x02", at(b"\xff\x80")))
    yield "serial-leaves-parent", cert(serial=cat(b"\x02", at(b"\x84\xff\xff\xff\xf0\x01")))
    yield "algorithm-missing", cert(alg=b"", issuer=cat(b"\x30\x00", HERE))
    yield "algorithm-without-oid", cert(alg=seq(at(b"\x05\x00")))
    yield "algorithm-empty-oid", cert(alg=seq(cat(b"\x06\x00", HERE)))
    yield "algorithm-oid-padded", cert(alg=seq(cat(b"\x06\x03\x2a", at(b"\x80\x01"))))
    yield "algorithm-oid-cut", cert(alg=seq(cat(b"\x06\x02\x2a", at(b"\x86"))))
    yield "algorithm-surplus", cert(alg=seq(EC_SHA256, b"\x05\x00", at(b"\x05\x00")))
    yield "algorithm-parameters-high-tag", cert(alg=seq(EC_SHA256, at(b"\x1f\x81\x00\x00")))
    yield "algorithm-parameters-high-tag-constructed", cert(alg=seq(EC_SHA256, at(b"\xbf\x20\x00")))
    yield "algorithm-parameters-end-of-contents", cert(alg=seq(EC_SHA256, at(b"\x00\x00")))
    yield "algorithm-parameters-cut", cert(alg=seq(EC_SHA256, b"\x05", HERE))
    yield "issuer-is-a-set", cert(issuer=at(b"\x31\x00"))


def bad_validity():
    yield "validity-missing", cert(validity=b"", subject=cat(b"\x30\x00", HERE))
    yield "validity-empty", cert(validity=cat(b"\x30\x00", HERE))
    yield "validity-one-time", cert(validity=seq(TIMES[0], HERE))
    yield "validity-three-times", cert(validity=seq(*TIMES, at(TIMES[0])))
    yield "validity-printable-string", cert(validity=seq(at(tlv(0x13, b"260101000000Z")), TIMES[1]))
    yield "validity-holds-a-key", cert(validity=seq(TIMES[0], at(OTHER_SPKI)))
    yield "validity-holds-a-key-behind", cert(validity=seq(*TIMES, at(OTHER_SPKI)))
    yield "validity-then-subject-and-key-inside", cert(validity=seq(*TIMES, at(NAME), OTHER_SPKI))
    yield "time-leaves-validity", cert(validity=cat(
        b"\x30\x1e", TIMES[0], b"\x17", at(b"\x0e"), b"270101000000Z"))
    yield "time-constructed", cert(validity=seq(at(b"\x37\x00"), TIMES[1]))


def bad_end_of_tbs():
    yield "subject-missing", cert(subject=b"", rest=at(EXTENSIONS))
    yield "key-missing", cert(spki=at(b""), rest=b"")
    yield "key-missing-before-extensions", cert(spki=HERE)
    yield "key-twice", cert(spki=cat(SPKI, at(OTHER_SPKI)))
    yield "key-behind-extensions", cert(rest=cat(EXTENSIONS, at(OTHER_SPKI)))
    yield "issuer-id-in-v1", cert(version=b"", rest=at(ISSUER_ID))
    yield "subject-id-in-v1", cert(version=b"", rest=at(SUBJECT_ID))
    yield "extensions-in-v1", cert(version=b"", rest=at(EXTENSIONS))
    yield "extensions-in-v2", cert(version=V2, rest=at(EXTENSIONS))
    yield "ids-swapped", cert(rest=cat(SUBJECT_ID, at(ISSUER_ID)))
    yield "issuer-id-twice", cert(rest=cat(ISSUER_ID, at(ISSUER_ID)))
    yield "subject-id-twice", cert(rest=cat(SUBJECT_ID, at(SUBJECT_ID)))
    yield "extensions-twice", cert(rest=cat(EXTENSIONS, at(EXTENSIONS)))
    yield "ids-behind-extensions", cert(rest=cat(EXTENSIONS, at(SUBJECT_ID)))
    yield "id-constructed", cert(rest=at(tlv(0xA1, b"\x03\x02\x00\x01")))
    yield "id-empty", cert(rest=cat(b"\x81\x00", HERE))
    yield "id-unused-bits-set", cert(rest=cat(b"\x82\x02", at(b"\x03\x07")))
    yield "unknown-field", cert(rest=cat(EXTENSIONS, at(b"\xa4\x00")))
    yield "extensions-implicit", cert(rest=cat(b"\xa3\x02", at(b"\x04\x00")))
    yield "extensions-without-sequence", cert(rest=cat(b"\xa3\x00", HERE))
    yield "extensions-surplus-inside", cert(rest=tlv(0xA3, seq(), at(b"\x05\x00")))
    yield "extensions-leave-parent", cert(rest=cat(b"\xa3", at(b"\x7f"), b"\x30\x00"))
    yield "extensions-indefinite", cert(rest=cat(b"\xa3", at(b"\x80"), seq(), b"\x00\x00"))


def bad_keys():
    """Faults inside a SubjectPublicKeyInfo, which all three kinds must see."""
    yield "key-is-a-set", cat(at(b"\x31"), SPKI[1:])
    yield "key-without-algorithm", cat(b"\x30", length(len(KEY)), at(KEY))
    yield "key-algorithm-empty", spki(alg=cat(b"\x30\x00", HERE))
    yield "key-algorithm-not-an-oid", spki(alg=seq(at(b"\x02\x01\x00")))
    yield "key-algorithm-surplus", spki(alg=seq(EC_KEY, P256, at(b"\x05\x00")))
    yield "key-oid-padded", spki(alg=seq(cat(b"\x06\x02", at(b"\x80\x01"))))
    yield "key-without-bits", spki(key=HERE)
    yield "key-octet-string", spki(key=at(tlv(0x04, b"\x00\x04\x01\x02\x03")))
    yield "key-bits-without-bytes", spki(key=cat(b"\x03\x00", HERE))
    yield "key-of-no-bits", spki(key=cat(b"\x03\x01", at(b"\x00")))
    yield "key-of-7-bits", spki(key=cat(b"\x03\x02", at(b"\x01\x80")))
    yield "key-unused-8-bits", spki(key=cat(b"\x03\x02", at(b"\x08\x00")))
    yield "key-surplus", spki(rest=at(b"\x05\x00"))
    yield "key-bits-leave-parent", spki(key=cat(b"\x03", at(b"\x06"), b"\x00\x04\x01\x02\x03"))
    yield "key-bits-not-minimal", spki(key=cat(b"\x03", at(b"\x81\x05"), b"\x00\x04\x01\x02\x03"))


def bad_requests():
    yield "request-is-a-certificate", seq(cat(b"\x30", length(len(tbs()[2:])), at(tbs()[2:])),
                                          ALG, SIGNATURE)
    yield "request-version-2", request(version=cat(b"\x02\x01", at(b"\x01")))
    yield "request-version-missing", request(version=HERE)
    yield "request-version-padded", request(version=cat(b"\x02\x02", at(b"\x00\x00")))
    yield "request-subject-missing", request(subject=b"", attributes=at(ATTRIBUTES))
    yield "request-attributes-missing", request(attributes=HERE)
    yield "request-attributes-twice", request(rest=at(ATTRIBUTES))
    yield "request-attributes-other-tag", request(attributes=at(b"\xa1\x00"))
    yield "request-key-twice", request(spki=cat(SPKI, at(SPKI)))
    yield "request-surplus", cat(request(), at(b"\x00"))
    yield "request-signature-missing", request(signature=HERE)
    yield "request-algorithm-missing", request(alg=b"", signature=at(SIGNATURE))


def emit(out, name, kind, der, ok):
    if ok:
        assert der[der.mark] == 0x30, name
        result = "OK %d %d" % (der.mark, der.size)
    else:
        result = "E_DER %d" % der.mark
    out.write("%s %s %s %s\n" % (name, kind, der.hex() or "-", result))


def main():
    with open(sys.argv[1] if len(sys.argv) > 1 else "der.txt", "w", encoding="ascii") as out:
        out.write(HEADER)
        out.write("\n# --- certificates that are sound\n")
        for name, der in sound_certificates():
            emit(out, name, "certificate", der, True)
        for family in (bad_outside, bad_start_of_tbs, bad_validity, bad_end_of_tbs):
            out.write("\n# --- %s\n" % family.__name__.replace("_", " "))
            for name, der in family():
                emit(out, name, "certificate", der, False)
        out.write("\n# --- requests\n")
        emit(out, "request", "request", request(spki=at(SPKI)), True)
        emit(out, "request-with-attributes", "request",
             request(spki=at(SPKI), attributes=tlv(0xA0, seq(OTHER_SPKI))), True)
        for name, der in bad_requests():
            emit(out, name, "request", der, False)
        out.write("\n# --- keys\n")
        emit(out, "key", "public-key", at(SPKI), True)
        emit(out, "key-trailing-byte", "public-key", cat(SPKI, at(b"\x00")), False)
        emit(out, "key-is-a-certificate", "public-key", cert(version=at(VERSION)), False)
        for name, der in bad_keys():
            emit(out, name, "public-key", der, False)
            emit(out, name, "certificate", cert(spki=der), False)
            emit(out, name, "request", request(spki=der), False)


if __name__ == "__main__":
    main()
