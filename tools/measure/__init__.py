"""Parts of the benchmark: an upstream stub, a load generator, a bare reverse proxy and the processes under test."""
