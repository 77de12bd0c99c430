#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes certs/ and certificates.txt anew: certificates, requests and keys of every kind of key, and
# the pins that openssl itself computes. The private keys are thrown away.
set -eu
cd "$(dirname "$0")"
out=$PWD/certs
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT INT TERM
rm -rf "$out"
mkdir "$out"
cd "$tmp"

cat >head.txt <<'TEXT'
# SPDX-License-Identifier: Apache-2.0
# Files in certs/ and the pins in them, computed by the openssl command. Made by make-certs.sh.
#
# file kind pin
TEXT

# pin of a public key in DER on stdin
pin() {
    printf 'sha256/'
    openssl dgst -sha256 -binary | openssl base64 -A
}

# record FILE KIND PIN
record() {
    printf '%s %s %s\n' "$1" "$2" "$3" >>rows.txt
}

key() {
    name=$1
    shift
    openssl genpkey -out "$name.key" "$@" 2>/dev/null
    openssl pkey -in "$name.key" -pubout -outform DER -out "$name.spki"
}

# certificate NAME KEY [OPTION...]: self-signed; the pin comes from the certificate itself
certificate() {
    name=$1
    key=$2
    shift 2
    openssl req -x509 -new -key "$key.key" -subj "/CN=$name.example" -days 3650 \
        -outform DER -out "$out/$name.der" "$@"
    record "$name.der" certificate "$(openssl x509 -in "$out/$name.der" -inform DER -noout -pubkey |
        openssl pkey -pubin -outform DER | pin)"
}

key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
key sm2 -algorithm EC -pkeyopt ec_paramgen_curve:SM2
key rsa2048 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key rsa3072 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
key rsa4096 -algorithm RSA -pkeyopt rsa_keygen_bits:4096
key rsapss -algorithm RSA-PSS -pkeyopt rsa_keygen_bits:2048
key ed25519 -algorithm ED25519
key ed448 -algorithm ED448

for name in p256 p384 p521 rsa2048 rsa3072 rsa4096 rsapss ed25519 ed448; do
    certificate "$name" "$name"
    cp "$name.spki" "$out/$name.spki"
    record "$name.spki" public-key "$(pin <"$name.spki")"
done
certificate sm2 sm2 -sm3
certificate negative-serial p256 -set_serial -5
certificate after-2050 p256 -days 20000
certificate many-names p256 -addext "subjectAltName=$(seq -f 'DNS:host%g.example' -s , 1 100)"

# A key nobody made: 16 384 random odd bits, signed over by another key.
cat >rsa16384.cnf <<TEXT
asn1 = SEQUENCE:spki
[spki]
algorithm = SEQUENCE:algorithm
key = BITWRAP,SEQUENCE:key
[algorithm]
oid = OID:rsaEncryption
parameters = NULL
[key]
n = INTEGER:0xd1$(openssl rand -hex 2046)01
e = INTEGER:0x10001
TEXT
openssl asn1parse -genconf rsa16384.cnf -noout -out rsa16384.spki
openssl pkey -pubin -inform DER -in rsa16384.spki -out rsa16384.pub
openssl x509 -new -force_pubkey rsa16384.pub -key p256.key -subj /CN=rsa16384.example -days 3650 \
    -outform DER -out "$out/rsa16384.der"
record rsa16384.der certificate "$(pin <rsa16384.spki)"

# An algorithm that openssl does not know: the last byte of id-ecPublicKey changed. The signature no
# longer fits, which is not asked here; so the pin is computed from the changed key.
python3 - "$out/p256.der" p256.spki "$out/unknown-algorithm.der" unknown.spki <<'PYTHON'
import sys
oid, other = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d027f")
for source, target in zip(sys.argv[1:3], sys.argv[3:5]):
    data = open(source, "rb").read()
    assert data.count(oid) == 1
    open(target, "wb").write(data.replace(oid, other))
PYTHON
record unknown-algorithm.der certificate "$(pin <unknown.spki)"

# Version 1: no extensions.
openssl req -new -key rsa2048.key -subj /CN=v1.example -out v1.csr
openssl x509 -req -in v1.csr -key rsa2048.key -days 3650 -outform DER -out "$out/v1.der" 2>/dev/null
record v1.der certificate "$(pin <rsa2048.spki)"

for name in p256 rsa2048 ed25519; do
    openssl req -new -key "$name.key" -subj "/CN=$name.example" -outform DER -out "$out/$name.csr"
    record "$name.csr" request "$(pin <"$name.spki")"
done
openssl req -new -key p384.key -subj /CN=p384.example -addext subjectAltName=DNS:p384.example \
    -outform DER -out "$out/p384-with-attributes.csr"
record p384-with-attributes.csr request "$(pin <p384.spki)"

# A chain of three, for matching.
openssl req -new -key p384.key -subj /CN=Intermediate -out ca.csr
printf 'basicConstraints=critical,CA:TRUE\n' >ca.ext
printf 'subjectAltName=DNS:leaf.example\n' >leaf.ext
openssl req -x509 -new -key rsa2048.key -subj /CN=Root -days 3650 -outform DER \
    -out "$out/chain-root.der"
openssl x509 -inform DER -in "$out/chain-root.der" -out root.pem
openssl x509 -req -in ca.csr -CA root.pem -CAkey rsa2048.key -CAcreateserial -days 3650 \
    -extfile ca.ext -out ca.pem 2>/dev/null
openssl x509 -in ca.pem -outform DER -out "$out/chain-ca.der"
openssl req -new -key p256.key -subj /CN=leaf.example -out leaf.csr
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey p384.key -CAcreateserial -days 3650 \
    -extfile leaf.ext -outform DER -out "$out/chain-leaf.der" 2>/dev/null
record chain-leaf.der certificate "$(pin <p256.spki)"
record chain-ca.der certificate "$(pin <p384.spki)"
record chain-root.der certificate "$(pin <rsa2048.spki)"

cat head.txt rows.txt >"$(dirname "$out")/certificates.txt"
