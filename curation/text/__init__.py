"""What every stage knows of a question's text: its options, its formulas and figures. Nothing here knows of rows or stages."""
