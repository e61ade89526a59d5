"""Published figures of benchmarks: one file each, named by a benchmark preset's `metric`."""
