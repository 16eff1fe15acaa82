"""One tick and its runs: plan, claim, start, supervise, record."""
