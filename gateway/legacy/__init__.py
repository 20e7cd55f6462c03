"""One room per resource of the old API: which new calls it needs and how their answers are shaped."""
