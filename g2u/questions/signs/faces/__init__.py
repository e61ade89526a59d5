"""Typefaces, one module each, by bench/faces.py; each says its authors and licence.

Those under the Open Font License (OFL.txt) are modified versions without a Reserved Font Name.
"""
