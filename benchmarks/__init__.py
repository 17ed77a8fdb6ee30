"""What the platform costs, measured: `make bench`. Figures are written to build/bench, never asserted in tests."""
