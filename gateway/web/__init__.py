"""HTTP as old clients see it: requests in, old replies and refusals out."""
