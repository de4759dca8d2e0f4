"""The thought: pure functions from bytes to dated items and signatures. Same bytes, same answer, anywhere."""
