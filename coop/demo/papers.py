"""Papers of the demonstration: one page of PDF with a line of text, made here because nobody signed any."""

from __future__ import annotations


def write_paper(line: str) -> bytes:
    """A PDF file of one page that holds a line of text.

    >>> write_paper("permit (copy)")[:8], b"permit \\\\(copy\\\\)" in write_paper("permit (copy)")
    (b'%PDF-1.4', True)
    """
    for mark in "\\()":
        line = line.replace(mark, "\\" + mark)
    text = b"BT /F1 14 Tf 72 760 Td (" + line.encode("latin-1", "replace") + b") Tj ET"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
    ]
    body, places = b"%PDF-1.4\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    index = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + (
        b"xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (len(parts) + 1, index, len(parts) + 1, len(body))
    )
