"""What the benchmarks and bounds of this package measure."""
