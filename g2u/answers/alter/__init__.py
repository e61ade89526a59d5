"""Alterations: what is done to pictures or thoughts before they are shown; one file each."""
