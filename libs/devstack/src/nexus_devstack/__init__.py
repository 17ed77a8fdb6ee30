"""Start, watch and stop the platform and its infrastructure on one machine."""
