"""What people see: aligned, coloured where that is wanted, and harmless whatever things are called."""
