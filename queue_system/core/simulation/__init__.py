"""The same day with one counter more, another rule or other visitors: a past day played many times, as it was and changed."""
