"""What assets are handed: the artifact store, the metric warehouse, the launchers."""
