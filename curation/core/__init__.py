"""What every stage is made of: the row, the stage, the executor, the ledger, Parquet, plugins."""
