"""The official rules of e-invoices as XSLT, by versions that are pinned in einvoice.xml, run by Saxon on Java."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml
from zipfile import ZipFile

from tests.servers.absent import ServerAbsent

POM = Path(__file__).with_suffix(".xml")
CACHE = Path(__file__).resolve().parents[2] / "build" / "einvoice"
RULES = {
    "nlcius": ("simplerinvoicing", ("external/schematron/simplerinvoicing/si-ubl-2.0.3.12.xslt",)),
    "peppol": (
        "peppol",
        (
            "external/schematron/openpeppol/2026.5/xslt/CEN-EN16931-UBL.xslt",
            "external/schematron/openpeppol/2026.5/xslt/PEPPOL-EN16931-UBL.xslt",
        ),
    ),
}
SVRL = "{http://purl.oclc.org/dsdl/svrl}"


@dataclass(frozen=True)
class Rules:
    """A judge of e-invoices: ``judge`` says every rule that one breaks."""

    java: str
    jars: Path

    def judge(self, invoices: Sequence[bytes], profile: str) -> list[str]:
        """Each rule of a profile that one of the invoices breaks, with what it says; warnings too."""
        package, sheets = RULES[profile]
        [jar] = self.jars.glob(f"phive-rules-{package}-*.jar")
        broken: list[str] = []
        for sheet in sheets:
            with tempfile.TemporaryDirectory() as folder, ZipFile(jar) as archive:
                given, judged = Path(folder, "given"), Path(folder, "judged")
                given.mkdir()
                judged.mkdir()
                for nth, invoice in enumerate(invoices):
                    Path(given, f"{nth}.xml").write_bytes(invoice)
                Path(folder, "rules.xslt").write_bytes(archive.read(sheet))
                run = [self.java, "-cp", f"{self.jars}/*", "net.sf.saxon.Transform", "-xsl:rules.xslt"]
                subprocess.run([*run, "-s:given", "-o:judged"], cwd=folder, capture_output=True, check=True)
                reports = [Xml.fromstring(path.read_bytes()) for path in sorted(judged.iterdir())]
            assert len(reports) == len(invoices)
            for report in reports:
                assert report.findall(f"{SVRL}fired-rule"), "no rule looked at it"
                broken += [
                    f"{failed.get('id')} ({failed.get('flag')}): {' '.join(''.join(failed.itertext()).split())}"
                    for failed in report.iter(f"{SVRL}failed-assert")
                ]
        return broken


def einvoice_rules() -> Rules:
    """The rules, fetched by Maven where they are not there yet.

    Raises:
        ServerAbsent: this machine has no Java, or no Maven to fetch them.
    """
    java, maven = shutil.which("java"), shutil.which("mvn")
    if java is None:
        raise ServerAbsent("no java on this machine (Debian: apt-get install default-jre-headless)")
    folder = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    if not folder.is_dir():
        if maven is None:
            raise ServerAbsent("no rules of e-invoices yet, and no mvn to fetch them (Debian: apt-get install maven)")
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            how = ["--batch-mode", "--quiet", "--strict-checksums", "-Dstyle.color=never", "--file", str(POM)]
            what = ["dependency:copy-dependencies", f"-DoutputDirectory={scratch}/jars"]
            done = subprocess.run([maven, *how, *what], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise ServerAbsent(
                    f"mvn could not fetch the rules of e-invoices: {' '.join(done.stdout.split())[-300:]}"
                )
            try:
                os.rename(Path(scratch, "jars"), folder)
            except OSError:
                if not folder.is_dir():  # Unless another worker was quicker, which is as good.
                    raise
    return Rules(java, folder)
