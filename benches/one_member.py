"""Refuses a gzip file that is not exactly one member: a decoder that knows only one stops after the first without a word."""

import sys
import zlib

path = sys.argv[1]
decoder = zlib.decompressobj(wbits=31)
with open(path, "rb") as file:
    while piece := file.read(1 << 20):
        if decoder.eof:
            sys.exit(f"`{path}` goes on after its first gzip member")
        while piece:
            decoder.decompress(piece, 1 << 24)
            piece = decoder.unconsumed_tail
        if decoder.unused_data:
            sys.exit(f"`{path}` goes on after its first gzip member")
if not decoder.eof:
    sys.exit(f"`{path}` ends inside its gzip member")
