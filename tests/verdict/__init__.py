"""What the verdict says of states: as grave as the alerts, in words that people read."""
