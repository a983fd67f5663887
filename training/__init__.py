"""Offline work on models: corpora in, a model folder and its report out."""
