"""Clinical data: encounters, patients and documents; how partners read it and how it is imported."""
