"""What benchmarks share: figures and their report, the machine, load over HTTP, CPU time of processes."""
