"""Reading files, lines and elements, in any format."""
