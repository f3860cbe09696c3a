"""The words of answers: what they say in mathematics, units, labels, numbers in English and Chinese."""
