"""The forms in which requests are taken, and what is refused of them."""
