"""The source of every agent package: standard library only, copied file by file into the zip."""
