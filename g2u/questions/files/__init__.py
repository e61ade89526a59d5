"""What benchmarks from files share: rows, picture cells, questions by columns, selection."""
