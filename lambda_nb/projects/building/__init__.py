"""From a source folder to the files of an archive: each language by its own tool."""
