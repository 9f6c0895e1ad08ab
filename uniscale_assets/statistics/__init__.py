"""Rank agreement, decisions and the uncertainty of both."""
