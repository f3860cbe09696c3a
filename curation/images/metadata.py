"""Take what identifies people and places out of a PNG or JPEG file, without touching a pixel.

Text, comments, EXIF (with the place where a photograph was taken), XMP and IPTC go, and so does an animation after the first frame of a
PNG, or anything behind the end of the image. Resolution, colour space and colour profile stay.
"""

import struct

PNG_KEPT = frozenset(b"IHDR PLTE tRNS IDAT IEND gAMA cHRM sRGB iCCP cICP sBIT bKGD pHYs".split())
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
JPEG_PROFILE = b"ICC_PROFILE\0"
APP0, APP1, APP2, APP14, APP15, COMMENT, SCAN, END = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF, 0xFE, 0xDA, 0xD9


def stripped(data: bytes) -> bytes | None:
    """The file without metadata, `data` itself where it has none, None where its structure cannot be followed."""
    try:
        return _png(data) if data.startswith(PNG_HEAD) else _jpeg(data) if data.startswith(b"\xff\xd8") else None
    except (struct.error, IndexError, ValueError):
        return None


def _png(data: bytes) -> bytes | None:
    parts, place = [PNG_HEAD], len(PNG_HEAD)
    while place < len(data):
        length, name = struct.unpack_from(">I4s", data, place)
        end = place + 12 + length
        if end > len(data):
            return None
        if name in PNG_KEPT:
            parts.append(data[place:end])
        place = end
        if name == b"IEND":
            return b"".join(parts)
    return None


def _jpeg(data: bytes) -> bytes | None:
    parts, place = [data[:2]], 2
    while place < len(data):
        if data[place] != 0xFF:
            return None
        marker = data[place + 1]
        if marker == 0xFF:  # padding
            place += 1
            continue
        if marker == SCAN:
            # Everything to the end marker: a progressive image has tables between its scans, and inside a scan the bytes FF D9
            # cannot occur, since an encoder writes FF of data as FF 00.
            end = data.index(b"\xff\xd9", place) + 2
            return b"".join([*parts, data[place:end]])
        (length,) = struct.unpack_from(">H", data, place + 2)
        end = place + 2 + length
        if end > len(data):
            return None
        profile = marker == APP2 and data.startswith(JPEG_PROFILE, place + 4)
        if marker in (APP0, APP14) or profile or not (APP1 <= marker <= APP15 or marker == COMMENT):
            parts.append(data[place:end])
        place = end
    return None
