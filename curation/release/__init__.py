"""What leaves the house: licences and shards."""
