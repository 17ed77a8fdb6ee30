"""What is counted and how it is shown: pure, without a clock or a database."""
