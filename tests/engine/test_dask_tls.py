"""`--scheduler tls://` takes its certificates from dask's own settings."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import distributed
import pytest

from tests.conftest import Atc
from tests.helpers.clusters import cluster

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("dask")]

SCAN = ("scan", "--exchange", "demo", "--demo-symbols", "3", "--bars", "120", "--output", "json", "--scheduler")


def certificate(folder: Path) -> Path:
    """A key and a certificate that it signed itself, in one file: whoever trusts it is on both ends."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "atc tests")])
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, *plain)
    file = folder / "both.pem"
    file.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return file


def test_a_cluster_that_talks_encrypted_computes_for_whoever_has_a_certificate(atc: Atc, tmp_path: Path) -> None:
    pem = str(certificate(tmp_path))
    roles = [f"{role}.{part}" for role in ("scheduler", "worker", "client") for part in ("key", "cert")]
    settings = dict.fromkeys(["ca-file", *roles], pem)
    spelt = {name.upper().replace("-", "_").replace(".", "__"): pem for name in settings}
    with cluster(1, tls={f"DASK_DISTRIBUTED__COMM__TLS__{name}": pem for name in spelt}) as running:
        assert running.address.startswith("tls://127.0.0.1:")
        with distributed.dask.config.set({f"distributed.comm.tls.{name}": pem for name in settings}):
            done = atc(*SCAN, running.address)
        assert done.code == 0, done.err
        assert '"name":"dask"' in done.out.replace(" ", "")
        without = atc(*SCAN, running.address)
    assert without.code == 69
    assert "distributed.comm.tls.ca-file" in without.err
    assert "DASK_DISTRIBUTED__COMM__TLS__CA_FILE" in without.err
