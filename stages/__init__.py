"""One file per DVC stage: parse, load, one call, save, track."""
