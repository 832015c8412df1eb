"""Surveys as data: items, anchors and scoring, one JSON file for each instrument."""
