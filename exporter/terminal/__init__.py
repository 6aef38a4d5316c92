"""What people see in a terminal: tables, colours, progress. Only the commands that show them load it."""
