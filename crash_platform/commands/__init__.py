"""Groups of commands of the command line; each parses and prints, and leaves the work to rooms."""
