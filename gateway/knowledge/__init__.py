"""Facts about both APIs as data, and pure codecs between their forms."""
