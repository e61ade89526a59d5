"""Signs: words in open fonts, drawn and photographed by whole numbers alone, so that pixels are the
same on every machine: no font library, no JPEG library, no floating point.
"""
