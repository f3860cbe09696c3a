"""How large the parts of a file may be, so that no input fills the memory. What is over a limit is a bad record or one clear line."""

MAX_RECORD_BYTES = 32 << 20
"""One JSON record or JSON line; its images may be in it as base64."""
MAX_WHOLE_BYTES = 128 << 20
"""A JSON file that has to be read whole: column-oriented, or one record."""
MAX_VALUES = 2_000_000
"""Values in one of these: `[]` is two bytes of JSON and sixty of memory."""
MAX_CSV_LINE = 8 << 20
"""One line of CSV, in characters, and one cell, which may run over several lines."""
MAX_CSV_COLUMNS = 10_000
MAX_CSV_LINES_OF_ROW = 100_000
MAX_QUESTION = 1_000_000
"""Characters; the identity of a row splits its question into words."""
MAX_IMAGES = 64
"""Images of one row, which is in memory as a whole."""
MAX_IMAGES_BYTES = 128 << 20

MAX_MEMBERS = 500_000
"""Files in one archive: their names and places are in memory."""
MAX_DIRECTORY_BYTES = 128 << 20
"""The directory at the end of a zip file, which is read before its members can be counted."""
MAX_RATIO = 200
"""Text of any data set compresses less than 20-fold; gzip ends at 1,030-fold, others beyond a million."""
RATIO_FREE_BYTES = 64 << 20
"""So much may come out of however little."""
MAX_SPOOL_BYTES = 32 << 30
"""Of a temporary file, where something compressed has to be sought in."""
