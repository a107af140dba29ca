"""The paper's tables and figures with our measurements beside its own."""
