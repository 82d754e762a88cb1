"""The paper's studies: each trains what it compares, tests it, and writes tables and a figure."""
