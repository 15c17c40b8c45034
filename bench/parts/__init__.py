"""What is measured, part by part; each can be run alone."""
