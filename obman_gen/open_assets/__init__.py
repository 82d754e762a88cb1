"""Build the shipped open hand and body from CC0 data; needs the extra ``assets``."""

from obman_gen.open_assets.assemble import build as build
