"""The reading report: what came in from a source, counted, and the red flags that end a build before anything is paid (docs/reading.md)."""
