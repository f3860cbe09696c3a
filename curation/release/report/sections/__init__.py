"""The sections of the report, a file each; found by importing the package."""
