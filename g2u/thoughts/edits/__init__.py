"""Edit families: procedures that yield visual thoughts; one file each."""
