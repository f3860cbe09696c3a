"""What the `table` source is made of: readers of file formats, field expressions, images and gold answers of a record."""
