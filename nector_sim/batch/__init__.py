"""At size: files in, files out."""
