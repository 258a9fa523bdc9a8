"""Mechanisms of one's own, which entries of params.yaml name: docs/own/mechanism.md follows one to its results."""
