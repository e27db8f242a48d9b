"""Judgement of PDF files by poppler, which reads them on most desks of Linux."""

from __future__ import annotations

import shutil
import subprocess

import pytest


def assert_no_warning(pdf: bytes) -> None:
    """Fail where ``pdfinfo`` warns of a file."""
    program = shutil.which("pdfinfo")
    if program is None:
        pytest.skip("no pdfinfo on this machine (Debian: apt-get install poppler-utils)")
    told = subprocess.run([program, "-"], input=pdf, capture_output=True, check=True)
    assert told.stderr == b"", told.stderr.decode()
