"""What the new server cannot remember for us."""
